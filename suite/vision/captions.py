"""Pictures with what was said of them, and where a model looked at each word."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure


LINE = 60  # characters of a line under a picture
WORDS_IN_A_ROW = 9


def draw_captions(pictures: Sequence[np.ndarray], captions: Sequence[str], references: Sequence[str]) -> "Figure":
    """Return a matplotlib figure of the pictures, each with its caption, and in grey what people said of it.

    Args:
        pictures: uint8 `(height, width, 3)` each.
        captions: A text of one or more lines for each.
        references: Likewise.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    columns = min(4, len(pictures))
    rows = -(-len(pictures) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(3.6 * columns, 4.8 * rows), layout="constrained", squeeze=False)
    for place in axes.flat[len(pictures) :]:
        place.axis("off")
    for place, picture, caption, reference in zip(axes.flat, pictures, captions, references, strict=False):
        place.imshow(picture)
        place.set(xticks=[], yticks=[])
        place.set_frame_on(False)
        place.set_title(_wrapped(caption), fontsize=8)
        place.set_xlabel(_wrapped(reference), fontsize=6, color="gray", loc="left", multialignment="left")
    return figure


def draw_attention(
    pictures: Sequence[np.ndarray], words: Sequence[Sequence[str]], grids: Sequence[np.ndarray]
) -> "Figure":
    """Return a matplotlib figure with each picture once for each word of its caption, bright where the model looked.

    Args:
        pictures: uint8 `(height, width, 3)` each.
        words: The words of each caption.
        grids: `(words, rows, columns)` each: how much each place of a grid over the picture counted.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    lines = [
        (picture, captioned[start : start + WORDS_IN_A_ROW], looked[start : start + WORDS_IN_A_ROW])
        for picture, captioned, looked in zip(pictures, words, grids, strict=True)
        for start in range(0, len(captioned), WORDS_IN_A_ROW)
    ]
    rows, columns = max(1, len(lines)), max([1, *(len(captioned) for _, captioned, _ in lines)])
    figure, axes = plt.subplots(rows, columns, figsize=(1.4 * columns, 1.7 * rows), layout="constrained", squeeze=False)
    for place in axes.flat:
        place.axis("off")
    for row, (picture, captioned, looked) in zip(axes, lines, strict=False):
        for place, word, weights in zip(row, captioned, looked, strict=False):
            place.imshow(picture)
            height, width = picture.shape[:2]
            veil = np.zeros((*weights.shape, 4))
            veil[..., 3] = 0.85 * (1 - weights / weights.max(initial=1e-9))
            place.imshow(veil, extent=(-0.5, width - 0.5, height - 0.5, -0.5), interpolation="bilinear")
            place.set_title(word, fontsize=9)
    return figure


def _wrapped(text: str) -> str:
    return "\n".join(line for part in text.splitlines() for line in textwrap.wrap(part, LINE) or [""])
