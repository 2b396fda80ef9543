from suite.data.progress import listening, tracked


def test_a_listener_hears_of_every_item_and_only_within_its_block():
    heard = []
    assert list(tracked("abc", 3)) == ["a", "b", "c"] and heard == []
    with listening(lambda done, total: heard.append((done, total))):
        assert list(tracked("abc", 3)) == ["a", "b", "c"]
    assert heard == [(1, 3), (2, 3), (3, 3)]
    assert list(tracked("abc", 3)) and len(heard) == 3
