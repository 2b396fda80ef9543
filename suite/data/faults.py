"""What is said of a data set that has nothing to offer."""

from collections.abc import Sequence
from pathlib import Path

from suite.data.examples import Example, Problem
from suite.errors import UserError


def require_examples(
    examples: Sequence[Example], path: Path, problems: Sequence[Problem], kind: str = "usable example"
) -> None:
    """Raise UserError, naming the first fault, if there is no example.

    Args:
        examples: What can be used of the data.
        path: The data as the user named it.
        problems: What is wrong with the rest.
        kind: What at least one is expected of.
    """
    if examples:
        return
    first = f"the first fault: {problems[0].name}: {problems[0].message}" if problems else "the files hold none"
    raise UserError(f"{path}: expected at least one {kind}; {first}")
