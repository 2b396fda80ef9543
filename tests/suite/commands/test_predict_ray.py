"""`suite predict --ray`: what the command says of a folder of answers."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from suite.cluster import answering, connect
from suite.cluster.answering import Model, ShardsDone
from suite.commands.predict_ray import ActorsAsked, answer_on_ray


def test_ctrl_c_says_how_far_it_is_and_that_the_same_command_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any) -> Iterator[ShardsDone]:
        yield ShardsDone(0, 5000, 0)
        yield ShardsDone(1000, 5000, 0)
        raise KeyboardInterrupt

    monkeypatch.setattr(connect, "connect", lambda address: SimpleNamespace(cluster_resources=dict))
    monkeypatch.setattr(answering, "answer_in_shards", interrupted)
    artifact: Any = None
    with pytest.raises(KeyboardInterrupt):
        answer_on_ray(artifact, Model("m", "keras", None, {}), [], Path("answers"), ActorsAsked("local", None))
    assert "answers: 1,000 of 5,000 are answered; the same command goes on" in capsys.readouterr().err
