"""Tokens that are labelled one by one: parted, hashed and placed as a plain reading of the rule over characters does."""

import random
import unicodedata
from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf

from suite.text.addresses import word_addresses
from suite.text.token_rule import TokenRule
from suite.text.token_tokenizer import (
    TokenTokenizer,
    folded_words,
    join_tokens,
    learn_rule,
    learn_token_rows,
    split_tokens,
)

PLAIN = TokenTokenizer((), ())
CASES = {
    "The U.S. economy grew 3.5% in 1,000 days... said J. Smith.": "The|U.S.|economy|grew|3.5|%|in|1,000|days|...|said|J.|Smith|.",
    "“Hello”—he said… ¿Qué? ¡Sí!": "“|Hello|”|—|he|said|…|¿|Qué|?|¡|Sí|!",
    "日本のテスト、東京。": "日|本|の|テ|ス|ト|、|東|京|。",
    "नमस्ते हिन्दी।": "नमस्ते|हिन्दी|।",
    "great😀👍🏽 1️⃣ 👨‍👩‍👧!": "great|😀👍🏽|1️⃣|👨‍👩‍👧|!",
    "e-mail a@b.com 10:30 (well-known)": "e-mail|a@b.com|10:30|(|well-known|)",
    "cafe\u0301's garc\u0327on שלום, العالم، x": "cafe\u0301's|garc\u0327on|שלום|,|العالم|،|x",
    "a\u00a0b\u200bc\td\n e": "a|b|c|d|e",
    "-- ,, €5 $3.50 a/b": "--|,,|€|5|$|3.50|a/b",
    "  ": "",
    "": "",
}


@pytest.mark.parametrize(("text", "tokens"), CASES.items())
def test_tokens_by_the_rule(text, tokens):
    spans = PLAIN.spans(text)
    assert [text[start:end] for start, end in spans] == [token for token in tokens.split("|") if token]


@pytest.mark.parametrize(
    ("rule", "text", "tokens"),
    [
        (
            TokenRule(apostrophe="before", negation=True),
            "don't can’t O'Brien's dog’s we'll",
            "do|n't|ca|n’t|O'Brien|'s|dog|’s|we|'ll",
        ),
        (TokenRule(apostrophe="after"), "l'homme qu’il d'Arc", "l'|homme|qu’|il|d'|Arc"),
        (TokenRule(joined="/"), "well-known a/b", "well|-|known|a/b"),
    ],
)
def test_what_a_language_decides(rule, text, tokens):
    spans = TokenTokenizer((), (), rule).spans(text)
    assert [text[start:end] for start, end in spans] == tokens.split("|")


def test_the_rule_is_learned_from_tokens():
    english = ["I", "do", "n't", "know", "the", "dog", "'s", "well-known", "name", "-", "it", "'s"]
    assert learn_rule(english) == TokenRule("-/&@_+", "before", True)
    assert learn_rule(["l'", "homme", "d'", "Arc", "porte", "-", "monnaie"]) == TokenRule("/&@_+", "after", False)
    assert learn_rule(["een", "auto's", "zo'n"]).apostrophe == "inside"


def test_a_text_may_bring_its_own_tokens():
    text = join_tokens(["New York", "n't", ":-)", "日本"])
    assert (
        [text[start:end] for start, end in PLAIN.spans(text)]
        == split_tokens(text)
        == ["New York", "n't", ":-)", "日本"]
    )
    assert split_tokens("New York") is None


def _alphabet() -> list[str]:
    marks = list(" \t.,:;-/'’!?…&@+_()\"“”—€$%")
    letters = list("aZéßñΩωЖжq9٣हिन\u0301ِ日ア한")
    return marks + letters + ["😀", "👍🏽", "\u200d", "\ufe0f", "\u00a0", "n't", "U.S.", "ﬁ", "𝔘"]


def _oracle(text: str) -> list[tuple[int, int]]:
    """Part a text character by character, by the plain rule."""
    kinds: list[str] = []
    for place, character in enumerate(text):
        category = unicodedata.category(character)
        if category[0] == "Z" or category == "Cc" or character in "\u200b\ufeff":
            kind = "space"
        elif category[0] == "M" or category == "Cf":
            kind = kinds[-1] if kinds and not ord(text[place - 1]) <= 32 else "letter"
        elif (
            "\u3041" <= character <= "\u3096" or "\u30a1" <= character <= "\u30fa" or "\u3400" <= character <= "\u9fff"
        ):
            kind = "ideograph"
        elif category == "So" or "\U0001f000" <= character <= "\U0001faff":
            kind = "symbol"
        else:
            kind = "mark" if category[0] in "PS" else "letter"
        kinds.append(kind)

    def letter(place: int) -> bool:
        return 0 <= place < len(text) and kinds[place] == "letter"

    def digit(place: int) -> bool:
        return 0 <= place < len(text) and text[place] in "0123456789"

    joined = list(kinds)
    joins = [False] * len(text)
    for place, character in enumerate(text):
        amid = letter(place - 1) and letter(place + 1)
        if character in "-/&@_+'’." and amid:
            joins[place] = True
        if character in ",:" and digit(place - 1) and digit(place + 1):
            joins[place] = True
    for place, character in enumerate(text):
        if character == "." and letter(place - 1) and not letter(place + 1):
            capital = "A" <= text[place - 1] <= "Z" and not letter(place - 2)
            if capital or (place >= 2 and text[place - 2] == "." and joins[place - 2]):
                joins[place] = True
    joined = ["letter" if join else kind for kind, join in zip(kinds, joins, strict=True)]

    def begins(place: int) -> bool:
        if joined[place] == "space" or place == 0:
            return joined[place] != "space"
        own = joined[place] == "ideograph" or (joined[place] == "mark" and text[place] != text[place - 1])
        return joined[place] != joined[place - 1] or (own and not _extends(text, place))

    starts = [place for place in range(len(text)) if begins(place)]
    ends = [next((end for end in range(start, len(text)) if joined[end] == "space"), len(text)) for start in starts]
    return [
        (start, min(end, following))
        for start, end, following in zip(starts, ends, [*starts, len(text)][1:], strict=True)
    ]


def _extends(text: str, place: int) -> bool:
    category = unicodedata.category(text[place])
    return category[0] == "M" or category == "Cf"


def test_parts_random_text_as_a_plain_reading_of_the_rule():
    draw = random.Random(5)
    texts = ["".join(draw.choices(_alphabet(), k=draw.randint(1, 24))) for _ in range(600)]
    for text, encoded in zip(texts, PLAIN.encode(texts), strict=True):
        data = text.encode()
        tokens = [data[start:end].decode() for start, end in zip(encoded["starts"], encoded["ends"], strict=True)]
        assert tokens == [text[start:end] for start, end in _oracle(text)], repr(text)


def test_every_token_is_where_its_offsets_say_and_none_overlap():
    draw = random.Random(6)
    for _ in range(200):
        text = "".join(draw.choices(_alphabet(), k=30))
        spans = PLAIN.spans(text)
        assert all(start < end for start, end in spans)
        assert all(first[1] <= second[0] for first, second in pairwise(spans))
        left = [character for place, character in enumerate(text) if not any(a <= place < b for a, b in spans)]
        assert all(unicodedata.category(character)[0] in "ZCM" for character in left), repr(text)


TRAINING = [
    join_tokens(sentence.split())
    for sentence in ("Anna Berger met Ben in Paris", "anna was in PARIS", "Ünal ünal Ωμ ωμ Жук жук")
]


@pytest.fixture(scope="module")
def learned():
    return TokenTokenizer.from_assets(learn_token_rows(TRAINING, TokenRule(), 1, 1))


def test_words_have_rows_of_their_own_whatever_their_case(learned):
    anna, low, high = (learned.encode([join_tokens([word])])[0] for word in ("Anna", "anna", "ANNA"))
    assert anna["words"] == low["words"] == high["words"] >= 2
    for capital, small in (("Ünal", "ünal"), ("Ωμ", "ωμ"), ("Жук", "жук")):
        first, second = learned.encode([join_tokens([capital]), join_tokens([small])])
        assert first["words"] == second["words"] >= 2
    assert learned.encode([join_tokens(["Zoe"])])[0]["words"] == 1


def test_words_are_folded_alike_in_python_and_in_the_graph():
    words = ["Anna", "ÉTÉ", "Straße", "ΩΜΈΓΑ", "ЖУК", "Ёлка", "İx", "Āb", "×", "日本", "x" * 40]
    known = folded_words(words)
    assert len(known) == len(words) - 1
    tokenizer = TokenTokenizer(word_addresses(known), ())
    rows = [int(tokenizer.encode([join_tokens([word])])[0]["words"][0]) for word in words[:-1]]
    assert sorted(rows) == list(range(2, 2 + len(known)))


def test_rows_tell_words_and_affixes_apart(learned):
    words = sorted({word.lower() for text in TRAINING for word in split_tokens(text)})
    rows = [int(learned.encode([join_tokens([word])])[0]["words"][0]) for word in words]
    assert len(set(rows)) == len(words) and min(rows) >= 2
    prefixes_1_to_3, suffixes_1_to_4 = slice(0, 3), slice(3, 7)
    first, second = (learned.encode([join_tokens([word])])[0]["affixes"][0] for word in ("Berger", "Bergmann"))
    assert (first[prefixes_1_to_3] == second[prefixes_1_to_3]).all() and (first[prefixes_1_to_3] >= 2).all()
    other = learned.encode([join_tokens(["unger"])])[0]["affixes"][0]
    assert (first[suffixes_1_to_4][:3] == other[suffixes_1_to_4][:3]).all()
    assert other[suffixes_1_to_4][3] != first[suffixes_1_to_4][3]


def test_shapes(learned):
    def shape(word: str) -> int:
        return int(learned.encode([join_tokens([word])])[0]["affixes"][0, -1])

    assert shape("Anna") == shape("Berger") == shape("Zoe") == shape("Ünal") == shape("Éva") >= 2
    assert shape("PARIS") == shape("QXY") >= 2
    assert len({shape("Anna"), shape("anna"), shape("PARIS")}) == 3
    assert shape("3-4") == 1


def test_padding_changes_nothing_and_empty_batches_pass(learned):
    texts = ["Anna met Ben.", "", "in Paris"]
    together = learned.encode(texts)
    for text, tensors in zip(texts, together, strict=True):
        alone = learned(np.frombuffer(text.encode() + b"\0" * 9, np.uint8)[np.newaxis])
        count = int(alone["count"][0])
        assert count == len(tensors["words"])
        for name, values in tensors.items():
            np.testing.assert_array_equal(alone[name][0, :count], values)
    assert learned(np.zeros((0, 5), np.uint8))["words"].shape == (0, 1)
    fixed = learned(np.frombuffer(b"Anna met Ben.", np.uint8)[np.newaxis], time=2)
    assert fixed["words"].shape == (1, 2) and int(fixed["count"][0]) == 4
    np.testing.assert_array_equal(fixed["words"][0], together[0]["words"][:2])


def test_the_graph_is_of_ops_that_tflite_has(learned, tmp_path):
    def tokens(text: tf.Tensor) -> dict[str, tf.Tensor]:
        return learned(text)

    concrete = tf.function(tokens, input_signature=[tf.TensorSpec((1, None), tf.uint8)]).get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    (tmp_path / "t.tflite").write_bytes(converter.convert())
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(tmp_path / "t.tflite"))
    for text in ("Anna met “Ben” in Paris…", "日本 don't 😀 U.S.", "x", join_tokens(["a b", "c"])):
        raw = np.frombuffer(text.encode(), np.uint8)[np.newaxis]
        details = interpreter.get_input_details()[0]
        interpreter.resize_tensor_input(details["index"], raw.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(details["index"], raw)
        interpreter.invoke()
        expected = learned(raw)
        given = [interpreter.get_tensor(output["index"]) for output in interpreter.get_output_details()]
        for name, values in expected.items():
            assert any(np.array_equal(values, tensor) for tensor in given), name
