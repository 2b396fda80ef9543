"""A page of pictures with their captions, written picture by picture: one file that needs nothing else."""

import base64
import html
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from suite import html_page

THUMBNAIL = 320  # pixels of the longer side
STYLE = """
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em; display: flex; flex-wrap: wrap; gap: 1.5em; align-items: start }
figure { margin: 0; width: 320px }
figure > img { width: 100% }
small { display: block; color: #666; overflow-wrap: anywhere }
.words { display: flex; flex-wrap: wrap; gap: 4px; margin-top: 4px }
.words span { width: 77px; font-size: 12px; text-align: center }
.words div { width: 77px; height: 77px; background: var(--seen) center / 100% 100% }
.words img { width: 100%; height: 100% }
"""


def open_page(path: Path | str) -> "CaptionPage":
    """Return the page at a path: a new one, or that which this process has begun.

    Raises:
        UserError: as `suite.html_page.open_page`.
    """
    return CaptionPage(html_page.open_page(path, "Captions", STYLE))


class CaptionPage:
    """An HTML file that pictures are added to; whole after each."""

    def __init__(self, page: html_page.HtmlPage) -> None:
        self.page = page
        self.path = page.path

    def add(
        self,
        picture: Path | str | np.ndarray,
        caption: str,
        alternatives: Sequence[str] = (),
        model_view: np.ndarray | None = None,
        words: Sequence[tuple[str, np.ndarray]] | None = None,
    ) -> None:
        """Add one picture.

        Args:
            picture: The file, or its pixels, uint8 `(height, width, 3)`; a small copy of it stands in the page.
            caption: Its caption.
            alternatives: Other captions, below.
            model_view: The picture as the model sees it, uint8 `(height, width, 3)`; only needed with `words`.
            words: Each word with the weights of a grid `(rows, columns)` over `model_view`; what counted stays bright.

        Raises:
            UserError: if the page cannot be written.
        """
        from suite.vision.image import read_image

        pixels, name = (picture, "") if isinstance(picture, np.ndarray) else (read_image(picture), str(picture))
        parts = [
            f'<img alt="" src="{_jpeg(_small(pixels))}">',
            f"<figcaption>{html.escape(caption)}",
            *(f"<small>{html.escape(alternative)}</small>" for alternative in alternatives),
            f"<small>{html.escape(name)}</small></figcaption>",
        ]
        style = ""
        if words and model_view is not None:
            style = f' style="--seen: url({_jpeg(model_view)})"'
            cells = (
                f'<span><div><img alt="" src="{_veil(weights)}"></div>{html.escape(word)}</span>'
                for word, weights in words
            )
            parts.append(f'<div class="words">{"".join(cells)}</div>')
        self.page.add(f"<figure{style}>\n" + "\n".join(parts) + "\n</figure>\n")


def _small(pixels: np.ndarray) -> np.ndarray:
    from PIL import Image

    picture = Image.fromarray(pixels)
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    return np.asarray(picture)


def _jpeg(pixels: np.ndarray) -> str:
    return _data_url(pixels, "JPEG", "image/jpeg")


def _veil(weights: np.ndarray) -> str:
    """Return a small black picture, the more transparent the more a place counted; the browser smooths it."""
    veil = np.zeros((*weights.shape, 4), np.uint8)
    veil[..., 3] = np.rint(216 * (1 - weights / weights.max(initial=1e-9)))
    return _data_url(veil, "PNG", "image/png")


def _data_url(pixels: np.ndarray, form: str, kind: str) -> str:
    from PIL import Image

    data = io.BytesIO()
    Image.fromarray(pixels).save(data, form)
    return f"data:{kind};base64,{base64.b64encode(data.getvalue()).decode()}"
