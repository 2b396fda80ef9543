"""What a person should know of how files were read, gathered to one sentence for each kind."""

from collections.abc import Iterable


def remark_notes(remarks: Iterable[tuple[str, str]], noun: str) -> list[str]:
    """Return one sentence for each kind of remark: of how many files it is true, and up to three of them.

    Args:
        remarks: `(remark, name of the example)`; the remark is in the same words wherever it is true.
        noun: What an example is: `"clip"`.
    """
    names: dict[str, list[str]] = {}
    for remark, name in remarks:
        names.setdefault(remark, []).append(name)
    return [
        f"{remark[0].upper()}{remark[1:]}: {len(of_remark):,} {noun}{'s' if len(of_remark) > 1 else ''}, "
        f"{'as ' if len(of_remark) > 3 else ''}{', '.join(of_remark[:3])}."
        for remark, of_remark in sorted(names.items())
    ]
