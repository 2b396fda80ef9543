"""What the model card says of the exported files."""

from typing import Any

from suite.artifact import CARD, Artifact, replace_card
from suite.export.delegates import full_delegates, op_lists

TITLE = "\n## Exported files\n"


def add_exports(artifact: Artifact, report: dict[str, Any]) -> None:
    """Write the exported files into the card of a model folder.

    Args:
        artifact: The folder.
        report: The content of `tflite/report.json`.
    """
    card = (artifact.path / CARD).read_text(encoding="utf-8")
    replace_card(artifact, card_with_exports(card, report))


def card_with_exports(card: str, report: dict[str, Any]) -> str:
    """Return a card with the exported files at its end, in place of those that stand there."""
    lines = [
        card.partition(TITLE)[0] + TITLE,
        "| file | KB | ops | ms, 1 thread | delegates whose op lists hold every op |",
        "|---|---|---|---|---|",
    ]
    for entry in report["files"]:
        unlisted = entry.get("unlisted_ops")
        listing = "not looked at" if unlisted is None else ", ".join(full_delegates(unlisted)) or "none"
        figures = f"{entry['bytes'] / 1024:.0f} | {sum(entry['ops'].values())} | {entry['latency_ms']['1']:.2f}"
        lines.append(f"| `tflite/{entry['file']}` | {figures} | {listing} |")
    lists = op_lists()
    lines += [
        "",
        f"Op lists as of {lists['date']} ({lists['source']}). They do not tell which types and shapes a delegate takes, and "
        "nothing was run on one. `tflite/report.json` has the ops that each list lacks.",
    ]
    return "\n".join(lines) + "\n"
