"""Many clips on one picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure


SHOWN_FRAMES = 5


def draw_contact_sheet(clips: Sequence[np.ndarray], titles: Sequence[str], marked: Sequence[bool]) -> "Figure":
    """Return a matplotlib figure with a row of frames, evenly spread over the clip, for each clip.

    Args:
        clips: uint8 `(time, height, width, 1 or 3)` each, all of one picture size.
        titles: What stands above each clip.
        marked: Whether its title is red.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    columns = 2 if len(clips) > 1 else 1
    rows = -(-len(clips) // columns)
    height, width = clips[0].shape[1:3]
    cell = 6 * height / (width * SHOWN_FRAMES) + 0.35
    figure, axes = plt.subplots(rows, columns, figsize=(6 * columns, cell * rows), layout="constrained", squeeze=False)
    for place in axes.flat:
        place.axis("off")
    for place, clip, title, mark in zip(axes.flat, clips, titles, marked, strict=False):
        spread_frames = clip[np.linspace(0, len(clip) - 1, SHOWN_FRAMES).round().astype(int)]
        strip = np.concatenate(list(spread_frames), axis=1)
        place.imshow(strip[..., 0] if strip.shape[-1] == 1 else strip, cmap="gray", vmin=0, vmax=255)
        place.set_title(title, fontsize=8, color="tab:red" if mark else "black")
    return figure


def draw_attention(attentions: Sequence[np.ndarray], titles: Sequence[str]) -> "Figure":
    """Return a matplotlib figure with the weight of each frame over the clip, one line of squares per clip.

    Args:
        attentions: `(time,)` each, adding up to 1.
        titles: Name of each clip.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    longest = max(map(len, attentions))
    table = np.full((len(attentions), longest), np.nan)
    for row, weights in enumerate(attentions):
        table[row, : len(weights)] = weights / weights.max(initial=1e-9)
    size = (3 + 0.2 * longest, 1 + 0.25 * len(attentions))
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    picture = axes.imshow(table, aspect="auto", cmap="viridis", vmin=0, vmax=1)
    axes.set(xlabel="frame", yticks=range(len(titles)))
    axes.set_yticklabels(titles, fontsize=7)
    figure.colorbar(picture, label="weight, relative to the clip's largest")
    return figure
