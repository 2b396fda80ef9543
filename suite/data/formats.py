"""Which of a task's formats a path holds."""

from collections.abc import Callable, Mapping
from pathlib import Path

from suite.data.sources import Listing, list_folder, require_path
from suite.errors import UserError


def choose_format(
    root: Path,
    finders: Mapping[str, Callable[[Path, bool], Listing | None]],
    descriptions: Mapping[str, str],
    format: str | None = None,
) -> tuple[str, Listing]:
    """Return the name of the format and its files.

    Args:
        root: The file or folder that the user named.
        finders: For each format `find(root, forced)`, which returns the files of that format, or None.
        wanted: For each format what it looks for, in words.
        format: The format that the user named; None to recognise it.

    Raises:
        UserError: if the path is missing, the format unknown, or not exactly one format is found.
    """
    root = Path(root)
    if format is not None and format not in finders:
        raise UserError(f"--format: expected one of {', '.join(finders)}. Received: {format!r}")
    require_path(root)
    if format is not None:
        listing = finders[format](root, True)
        if listing is None:
            raise UserError(
                f"{root}: expected {descriptions[format]}, for --format {format}. Received: {_contents(root)}"
            )
        return format, Listing(f"--format {format}: {listing.reason}", listing.sources, listing.notes)
    matches, faults = {}, []
    for name, find in finders.items():
        try:
            listing = find(root, False)
        except UserError as error:
            faults.append(error)
            continue
        if listing is not None:
            matches[name] = listing
    if not matches and faults:
        raise faults[0]
    if not matches:
        looked_for = "; ".join(dict.fromkeys(descriptions.values()))
        raise UserError(
            f"{root}: format not recognised. Received: {_contents(root)}\n"
            f"Looked for {looked_for}; --format NAME forces one of {', '.join(finders)}."
        )
    if len(matches) > 1:
        choices = "; ".join(f"{name} ({listing.reason})" for name, listing in matches.items())
        raise UserError(f"{root}: more than one format fits: {choices}\n--format NAME chooses one.")
    return matches.popitem()


def _contents(root: Path) -> str:
    if root.is_file():
        return f"the file {root.name}"
    files, folders = list_folder(root)
    names = [f"{folder.name}/" for folder in folders] + [path.name for path in files]
    if not names:
        return "an empty folder"
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
