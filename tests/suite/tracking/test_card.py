"""The model card says the unit of each figure."""

import pytest

from suite.registry import PIPELINES, load_pipeline
from suite.tracking.card import model_card


@pytest.mark.parametrize("task", PIPELINES)
def test_each_figure_has_its_own_unit(task):
    metrics = load_pipeline(task).METRICS
    figures = dict.fromkeys(metrics, 1.25)
    record = {
        "task": task,
        "name": "mine",
        "parameters": 1000,
        "finished": "2026-01-02",
        "seconds": 3.0,
        "epochs": 2,
        "best_epoch": 1,
        "seed": 0,
        "versions": {"keras": "3"},
        "metrics": {"train": {"unheard_of": 1.0}, "val": figures, "test": figures},
        "data": {"path": "data", "format": "csv", "sizes": {"train": 5}, "fingerprint": "0" * 64, "notes": []},
    }
    card = model_card(record, metrics)
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in card.splitlines() if line.startswith("| ")
    ]
    assert rows[0] == ["metric", "unit", "train", "val", "test"]
    units = {row[0]: row[1] for row in rows[1:]}
    assert units == {name: unit for name, (_, unit) in metrics.items()} | {"unheard_of": ""}
    assert "Fractions, not percent" not in card and f"Primary metric: {next(iter(metrics))}." in card
