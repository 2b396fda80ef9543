"""`--ray` takes an address or none."""

import pytest

from suite.cluster.connect import with_address


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        ("predict MODEL a.csv", "predict MODEL a.csv"),
        ("sweep x --ray", "sweep x --ray local"),
        ("sweep x --ray --trials 3", "sweep x --ray local --trials 3"),
        ("sweep x --ray auto --trials 3", "sweep x --ray auto --trials 3"),
        ("predict MODEL --ray a.csv", "predict MODEL --ray local a.csv"),
        ("predict MODEL --ray head-1.lan:6379 a.csv", "predict MODEL --ray head-1.lan:6379 a.csv"),
        ("sweep x --ray ray://10.0.0.7:10001", "sweep x --ray ray://10.0.0.7:10001"),
        ("sweep x --ray=auto", "sweep x --ray=auto"),
    ],
)
def test_an_address_may_follow(typed, understood):
    assert " ".join(with_address(typed.split())) == understood
