"""The benchmark measures what it says; no figure of it is judged here."""

import json

import typer
from typer.testing import CliRunner

from suite.commands.benchmark import benchmark
from suite.recurrent import benchmark as measuring


def test_the_command_gives_one_json_object(monkeypatch):
    monkeypatch.setattr(measuring, "SHAPES", ((2, 5, 3, 4),))
    monkeypatch.setattr(measuring, "CELLS", ("lstm", "gru"))
    monkeypatch.setattr(measuring.measure, "__defaults__", (("lstm", "gru"), ((2, 5, 3, 4),), ("train",), 1, None))
    app = typer.Typer()
    app.command()(benchmark)
    done = CliRunner().invoke(app, ["recurrent", "--json", "--determinism", "off", "--rounds", "1"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert [row["cell"] for row in report["rows"]] == ["lstm", "gru"]
    for row in report["rows"]:
        assert {"suite", "keras", "keras_xla"} <= set(row["milliseconds"])
        assert row["difference"] < 1e-5
    assert {entry["against"] for entry in report["summary"]} >= {"keras", "keras_xla"}


def test_what_it_does_not_know_is_refused():
    app = typer.Typer()
    app.command()(benchmark)
    assert "knows: recurrent" in str(CliRunner().invoke(app, ["rocket"]).exception)
