"""What one cell of a table says: a label or group as text, whatever type a spreadsheet, JSON or Parquet has for it."""

import math
from decimal import Decimal
from typing import Any

NOT_A_NUMBER = ("nan", "NaN")  # how Python and pandas spell a missing value
OFTEN_MISSING = ("NA", "N/A", "#N/A", "NULL", "null", "None", "none", "\\N")  # other tools' spellings, also true names


def cell_text(value: Any) -> str | None:
    """Return a cell as text without outer spaces; None if it is missing (null, NaN, an empty text).

    A whole number is the same text whether it comes as 1, 1.0 or "1". 0 and false are values, not missing ones.
    """
    if value is None or (isinstance(value, float | Decimal) and value != value):
        return None
    if isinstance(value, float | Decimal) and math.isfinite(value) and value == int(value):
        return str(int(value))
    return str(value).strip() or None


def label_fault(value: Any) -> str | None:
    """Return what is wrong with a cell that should name a class, else None."""
    if value is None:
        return "the label is missing"
    if isinstance(value, Decimal):
        value = float(value)
    if not isinstance(value, str | int | float) or (isinstance(value, float) and not math.isfinite(value)):
        return f"expected a label. Received: {str(value)[:60]!r} ({type(value).__name__})"
    if not str(value).strip():
        return "the label is empty"
    if isinstance(value, str) and value.strip() in NOT_A_NUMBER:
        return (
            f"the label is missing: {value.strip()!r} is how Python writes a missing value; a class needs another name"
        )
    return None


def missing_notes(labels: dict[str, int]) -> list[str]:
    """Return one sentence for each class whose name is often a missing value.

    Args:
        labels: How many examples each class has.
    """
    return [
        f"The label {label!r} of {count:,} example{'s' if count > 1 else ''} is often how a missing value is written; "
        "it counts as a class."
        for label, count in labels.items()
        if label in OFTEN_MISSING
    ]
