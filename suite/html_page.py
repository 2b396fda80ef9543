"""A page written piece by piece: one HTML file that needs nothing else, whole after each piece, since end tags may be left out."""

from pathlib import Path

from suite.errors import UserError

_OPEN: dict[Path, "HtmlPage"] = {}


class HtmlPage:
    """An HTML file that pieces are added to, behind its head."""

    def __init__(self, path: Path, head: str) -> None:
        self.path = path
        self.head = head

    def add(self, piece: str) -> None:
        """Add a piece of HTML.

        Raises:
            UserError: if the page cannot be written.
        """
        try:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(piece if file.tell() else self.head + piece)
        except OSError as error:
            raise UserError(f"--html: {self.path} cannot be written: {error.strerror}") from error


def open_page(path: Path | str, title: str, style: str) -> HtmlPage:
    """Return the page at a path: a new one, or that which this process has begun.

    Args:
        path: Ends in .html.
        title: Of a new page.
        style: Its style sheet.

    Raises:
        UserError: if a file of that name was there before, has another ending, or has no folder to be in.
    """
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"--html: expected a file ending in .html. Received: {path}")
    key = path.absolute()
    if key in _OPEN and path.exists():
        return _OPEN[key]
    if path.exists():
        raise UserError(f"--html: {path} exists and is not overwritten")
    if not key.parent.is_dir():
        raise UserError(f"--html: {path} cannot be written: no such folder")
    head = '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n'
    _OPEN[key] = HtmlPage(path, f"{head}<title>{title}</title>\n<style>\n{style}</style>\n")
    return _OPEN[key]
