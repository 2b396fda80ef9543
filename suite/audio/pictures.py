"""Pictures of audio: spectrograms with what a model heard, features before and after augmentation."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


WINDOW_SECONDS, HOP_SECONDS = 0.025, 0.01
MOST_MELS, RANGE_DB = 64, 80.0
SEEN_PROBABILITY = 0.2
# Words too close for their texts stand in different rows.
WORD_ROWS = 2


def draw_spectrogram(
    samples: np.ndarray,
    sample_rate: int,
    spikes: np.ndarray | None = None,
    symbols: Sequence[str] | None = None,
    step_seconds: float | None = None,
    words: Sequence = (),
) -> "Figure":
    """Return a matplotlib figure: the log-mel spectrogram, and over the same seconds what a CTC model made of it.

    Args:
        samples: float32 `(samples,)`.
        sample_rate: In Hz.
        spikes: `(steps, symbols)`, the probability of each symbol at each step, the blank first. A curve is drawn for the
            blank and each symbol that is ever above `SEEN_PROBABILITY`, with its name over each of its spikes.
        symbols: Their names; needed with `spikes`.
        step_seconds: Seconds from one step to the next; needed with `spikes`.
        words: Of `text`, `start` and `end` in seconds, drawn over the spectrogram.
    """
    from matplotlib.figure import Figure

    seconds = len(samples) / sample_rate
    figure = Figure(figsize=(min(6 + 0.8 * seconds, 24), 3 if spikes is None else 5), layout="constrained")
    axes = figure.subplots(1 if spikes is None else 2, 1, sharex=True, squeeze=False)[:, 0]
    decibels = _log_mel(samples, sample_rate)
    extent = (-HOP_SECONDS / 2, (len(decibels) - 0.5) * HOP_SECONDS, -0.5, decibels.shape[1] - 0.5)
    picture = axes[0].imshow(decibels.T, origin="lower", aspect="auto", extent=extent, cmap="magma")
    figure.colorbar(picture, ax=axes[0], label="dB", pad=0.01)
    axes[0].set(ylabel="mel band", xlim=(0, max(seconds, HOP_SECONDS)))
    box = {"facecolor": "black", "alpha": 0.6, "pad": 1, "linewidth": 0}
    for at, word in enumerate(words):
        axes[0].axvspan(word.start, word.end, facecolor="white", edgecolor="white", alpha=0.2)
        axes[0].text(
            (word.start + word.end) / 2,
            0.97 - 0.1 * (at % WORD_ROWS),
            _literal(word.text),
            transform=axes[0].get_xaxis_transform(),
            **{"color": "white", "ha": "center", "va": "top", "fontsize": 9, "clip_on": True, "bbox": box},
        )
    if spikes is not None:
        _draw_spikes(axes[1], np.asarray(spikes), symbols, step_seconds)
    axes[-1].set_xlabel("seconds")
    return figure


def draw_augmentation(examples: Sequence[tuple[str, np.ndarray, np.ndarray]], frame_seconds: float) -> "Figure":
    """Return a matplotlib figure: one row per example, its features before augmentation beside those after.

    Args:
        examples: `(name, before, after)`; the features are `(frames, features)`, of the same number of features.
        frame_seconds: Seconds from one frame to the next.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 2.2 * max(len(examples), 1)), layout="constrained")
    for row, (name, before, after) in zip(
        figure.subplots(max(len(examples), 1), 2, squeeze=False), examples, strict=False
    ):
        low, high = np.percentile(before, (1, 99)) if np.size(before) else (0, 1)
        seconds = max(len(before), len(after), 1) * frame_seconds
        for axes, features, title in zip(row, (before, after), ("before", "after"), strict=True):
            features = np.asarray(features)
            extent = (0, max(len(features), 1) * frame_seconds, -0.5, features.shape[1] - 0.5)
            axes.imshow(features.T, origin="lower", aspect="auto", extent=extent, vmin=low, vmax=high, cmap="magma")
            axes.set(xlim=(0, seconds), xlabel="seconds", ylabel="feature")
            axes.set_title(_literal(f"{name}, {title}"), fontsize=9)
    return figure


def _log_mel(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    from suite.audio.mfcc import LogMel

    window = max(2, round(WINDOW_SECONDS * sample_rate))
    n_fft = 2 ** int(np.ceil(np.log2(window)))
    # More bands than that, and the lowest ones have no frequency of the transform in them.
    bands = min(MOST_MELS, n_fft // 8)
    hop = max(1, round(HOP_SECONDS * sample_rate))
    layer = LogMel(
        sample_rate=sample_rate, n_fft=n_fft, win_length=window, hop_length=hop, n_mels=bands, top_db=RANGE_DB
    )
    return layer(np.asarray(samples, np.float32)[np.newaxis])[0].numpy()


def _draw_spikes(axes: "Axes", spikes: np.ndarray, symbols: Any, step_seconds: Any) -> None:
    times = (np.arange(len(spikes)) + 0.5) * step_seconds
    axes.plot(times, spikes[:, 0], color="lightgrey", label="blank")
    best = spikes.argmax(axis=1) if len(spikes) else np.zeros(0, int)
    for symbol in np.flatnonzero(spikes.max(axis=0, initial=0) > SEEN_PROBABILITY):
        if symbol == 0:
            continue
        (curve,) = axes.plot(times, spikes[:, symbol], linewidth=1)
        name = "␣" if symbols[symbol] == " " else symbols[symbol]
        # One name for steps in a row that say the same.
        at = np.flatnonzero(best == symbol)
        for run in np.split(at, np.flatnonzero(np.diff(at) > 1) + 1) if len(at) else []:
            peak = run[np.argmax(spikes[run, symbol])]
            axes.text(
                times[peak],
                spikes[peak, symbol] + 0.02,
                _literal(name),
                color=curve.get_color(),
                ha="center",
                fontsize=8,
            )
    axes.set(ylabel="probability", ylim=(0, 1.15))
    axes.legend(loc="upper right", fontsize=8)


def _literal(text: str) -> str:
    """Return a text in which matplotlib sees no formula."""
    return text.replace("$", r"\$")
