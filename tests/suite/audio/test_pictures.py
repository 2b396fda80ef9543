import io
from types import SimpleNamespace

import numpy as np
import pytest

from suite.audio.pictures import draw_augmentation, draw_spectrogram


def drawn(figure):
    """Return the texts of a figure that can be saved."""
    figure.savefig(io.BytesIO(), dpi=40)
    return [text.get_text() for axes in figure.axes for text in axes.texts]


@pytest.mark.parametrize("sample_rate", [8000, 16000, 44100])
def test_spectrogram_with_spikes_and_words(speech, recwarn, sample_rate):
    spikes = np.zeros((50, 4))
    spikes[:, 0] = 1
    for step, symbol in ((5, 1), (6, 1), (20, 2), (40, 3)):
        spikes[step] = np.eye(4)[symbol]
    words = [SimpleNamespace(text="$a", start=0.1, end=0.2), SimpleNamespace(text="$", start=0.7, end=0.9)]
    samples = speech(1, sample_rate).astype("float32")
    figure = draw_spectrogram(samples, sample_rate, spikes, ["", "a", " ", "$"], 0.02, words)
    assert drawn(figure) == [r"\$a", r"\$", "a", "␣", r"\$"]
    assert not [warning for warning in recwarn if "filter" in str(warning.message)]


def test_nearly_nothing_to_draw():
    assert drawn(draw_spectrogram(np.zeros(1, "float32"), 8000)) == []
    assert drawn(draw_spectrogram(np.zeros(99, "float32"), 8000, np.zeros((0, 3)), ["", "a", "b"], 0.02)) == []


def test_features_before_and_after_augmentation():
    features = np.random.default_rng(0).normal(size=(40, 13))
    figure = draw_augmentation([("one", features, features[:30]), ("two", features[:0], features)], 0.01)
    drawn(figure)
    assert [axes.get_title() for axes in figure.axes] == ["one, before", "one, after", "two, before", "two, after"]
