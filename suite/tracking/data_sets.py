"""The parts of a data set as MLflow data sets: what the Datasets column of its UI shows."""

import hashlib
import json
from typing import Any

from suite.data.examples import PARTS, Examples

DIGEST_CHARACTERS = 16  # MLflow takes 36
CONTEXT_TAG = "mlflow.data.context"


def part_data_sets(examples: Examples) -> list[dict[str, Any]]:
    """Return the data set of each part that has examples: name, digest, source, counts and context, JSON-able.

    The digest is over content and targets, whatever the folder and the order of the files.
    """
    data_sets = []
    for part in PARTS:
        rows = [row for row, example in enumerate(examples.items) if example.part == part]
        if not rows:
            continue
        digests = sorted(examples.row_digests[row] for row in rows)
        groups = {examples.items[row].group for row in rows} - {None}
        profile = {"num_rows": len(rows), "format": examples.format}
        data_sets.append(
            {
                "name": examples.path.absolute().name,
                "digest": hashlib.sha256(b"".join(digests)).hexdigest()[:DIGEST_CHARACTERS],
                "source_type": "local",
                "source": json.dumps({"uri": str(examples.path.absolute())}),
                "profile": json.dumps(profile | ({"num_groups": len(groups)} if groups else {})),
                "context": part,
            }
        )
    return data_sets


def to_input(data_set: dict[str, Any]) -> Any:
    """Return MLflow's DatasetInput of what `part_data_sets` describes."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    fields = {name: value for name, value in data_set.items() if name != "context"}
    return DatasetInput(Dataset(**fields), [InputTag(CONTEXT_TAG, data_set["context"])])
