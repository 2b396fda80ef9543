"""The model card that a saved model carries as README.md (after Mitchell et al. 2019)."""

from typing import Any


def model_card(record: dict[str, Any], units: dict[str, tuple[str, str]]) -> str:
    """Return the card as Markdown.

    Args:
        record: The content of `record.json`.
        units: The pipeline's METRICS: name -> direction and unit, the primary metric first.
    """
    task, data, metrics = record["task"], record["data"], record["metrics"]
    parts = [part for part in ("train", "val", "test") if metrics.get(part)]
    names = list(dict.fromkeys(name for part in parts for name in metrics[part]))
    rows = [
        f"| {name} | {units.get(name, ('', ''))[1]} | "
        + " | ".join(_figure(metrics[part].get(name)) for part in parts)
        + " |"
        for name in names
    ]
    sizes = ", ".join(f"{size} {part}" for part, size in data["sizes"].items())
    lines = [
        f"# {task}: {record['name']}",
        "",
        f"A {task} model with {record['parameters']:,} weights, trained by `suite train {task}` on {record['finished']}"
        f" in {record['seconds']:.0f} s ({record['epochs']} epochs, best: {record['best_epoch'] or 'the last'}).",
        "",
        "## Data",
        "",
        f"`{data['path']}` (format `{data['format']}`): {sizes} examples. Fingerprint `{data['fingerprint'][:16]}`.",
        *[f"- {note}" for note in data["notes"]],
        "",
        "## Figures",
        "",
        f"Primary metric: {next(iter(units))}. A fraction is not percent; `val` is the dev part that chose the epoch.",
        "",
        "| metric | unit | " + " | ".join(parts) + " |",
        "|---" * (len(parts) + 2) + "|",
        *rows,
        "",
        "## Use",
        "",
        "```",
        "suite predict . INPUT",
        "suite evaluate . --data PATH",
        "```",
        "",
        "In Python: `suite.load(FOLDER).predict(INPUT)`. Settings are in `settings.yaml`"
        f" (`suite train {task} --data PATH --config settings.yaml` repeats the run), seed {record['seed']}.",
        f"Versions: {', '.join(f'{package} {number}' for package, number in record['versions'].items())}.",
        "",
        "The figures hold for data like the data above; measure on your own before relying on them.",
    ]
    return "\n".join(lines) + "\n"


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
