"""Clips of tones that stand for words: a set in any format, made in milliseconds."""

import numpy as np
import pytest
import soundfile

RATE = 8000


def tone(seconds, rate=RATE, frequency=440.0, level=0.3):
    """Return float32 samples of a tone."""
    return (level * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


@pytest.fixture
def write_tone():
    """Write a tone in the format that the ending of the path names; other frequencies make other contents."""

    def write(path, seconds=0.5, frequency=440.0, rate=RATE, **options):
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, tone(seconds, rate, frequency, **options), rate)
        return path

    return write


WORDS = {"low": 400.0, "mid": 900.0, "high": 2000.0}


def say(words, generator):
    """Return float32 samples of words, each a tone of its own, with pauses and a little noise."""
    pieces = [np.zeros(int(0.1 * RATE))]
    for word in words:
        pieces += [tone(generator.uniform(0.25, 0.4), frequency=WORDS[word]), np.zeros(int(0.12 * RATE))]
    samples = np.concatenate(pieces)
    return (samples + generator.normal(size=len(samples)) * 0.003).astype(np.float32)


@pytest.fixture(scope="session")
def tones(tmp_path_factory):
    """A manifest of clips that say one to four words in tones: 96 to train on, 16 of dev, 16 of test."""
    generator = np.random.default_rng(7)
    folder = tmp_path_factory.mktemp("tones")
    for part, count in (("train", 96), ("dev", 16), ("test", 16)):
        rows = ["audio\ttext"]
        for number in range(count):
            words = generator.choice(list(WORDS), generator.integers(1, 5))
            soundfile.write(folder / f"{part}{number}.wav", say(words, generator), RATE)
            rows.append(f"{part}{number}.wav\t{' '.join(words)}")
        (folder / f"{part}.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


TINY_SPEECH = (
    "sample_rate=8000",
    "n_fft=256",
    "hop_length=80",
    "n_mels=20",
    "n_mfcc=12",
    "conv_channels=[8]",
    "units=24",
    "layers=1",
    "dropout=0.1",
    "batch_size=8",
    "learning_rate=0.01",
    "patience=0",
    "epochs=24",
    "causal=true",
    "bidirectional=false",
    "normalization=running",
    "language_model_order=2",
    "compiled_seconds=1.5",
)


@pytest.fixture(scope="session")
def trained_on_tones(train_on, tones):
    """The RunResult of a causal model trained on `tones`."""
    return train_on("speech", tones, "tones", *TINY_SPEECH)
