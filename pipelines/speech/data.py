"""Files on disk -> examples (every documented speech format) -> assets -> batches of samples and symbols."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipelines.speech.batching import make_batches
from pipelines.speech.config import Settings
from pipelines.speech.formats import FINDERS as FORMATS
from pipelines.speech.formats import READERS, WANTED, TranscribedClip
from pipelines.speech.transcripts import learn_symbols, make_encoder, normalise, step_count
from suite.data.clips import describe_clips, describe_durations, inspect_clips
from suite.data.encodings import twice_notes
from suite.data.examples import Example, Examples, Problem
from suite.data.faults import require_examples
from suite.data.formats import choose_format
from suite.decoding.greedy import frames_needed
from suite.pipeline import BatchSource, draw

__all__ = ["FORMATS", "batches", "check_parts", "encode_transcript", "prepare", "read"]

MOST_MEASURED = 1000  # training clips that feature statistics are taken from


def read(path: Path | str, settings: Settings, format: str | None = None) -> Examples:
    """Return the examples of a data set, and what is wrong with the rest as problems and notes.

    An example's input is the path of its audio file, its target the normalised transcript, its key the SHA-256 of the file.
    Every file is decoded once, to its end.

    Args:
        format: One of `FORMATS`; by default recognised from the files.

    Raises:
        UserError: if the path, a column or a whole file is at fault, or no example is left.
    """
    path = Path(path)
    format, listing = choose_format(path, FORMATS, WANTED, format)
    clips, problems = READERS[format](listing, settings)
    items = []
    for clip, facts in zip(clips, inspect_clips([(clip.place, clip.path) for clip in clips]), strict=True):
        if isinstance(facts, Problem):
            problems.append(facts)
        elif (fault := _transcript_fault(clip, settings)) is not None:
            problems.append(fault)
        else:
            stated = replace(facts, place=clip.place)
            text = normalise(clip.text, settings.transcript, settings.language)
            items.append(Example(clip.name, clip.path, text, clip.part, clip.group, facts.digest, stated))
    require_examples(items, path, problems)
    written = [(clip.place, clip.text) for clip in clips if isinstance(clip.text, str)]
    notes = (*listing.notes, *twice_notes(written))
    return Examples(tuple(items), path, format, listing.reason, problems=tuple(problems), notes=notes)


def check_parts(examples: Examples, settings: Settings, assets: dict[str, Any] | None = None) -> Examples:
    """Return the examples long enough for their transcripts, with notes on the audio and the characters of the parts.

    What a transcript needs depends on its symbols, which may be learned from train.

    Raises:
        UserError: if no example is left.
    """
    encode = make_encoder(_symbols_to_fit(examples, settings, assets))
    items, problems = [], list(examples.problems)
    for example in examples.items:
        if fault := _length_fault(example.target, encode, example.facts.seconds, settings):
            problems.append(Problem(example.facts.place, fault))
        else:
            items.append(example)
    require_examples(items, examples.path, problems)
    checked = replace(examples, items=tuple(items), problems=tuple(problems))
    notes = [*describe_clips(items), describe_durations(items), *_strange_characters(checked, assets)]
    return replace(checked, notes=tuple(dict.fromkeys((*examples.notes, *notes))))


def _transcript_fault(clip: TranscribedClip, settings: Settings) -> Problem | None:
    if not isinstance(clip.text, str):
        return Problem(clip.place, f"expected a transcript. Received: {clip.text!r}")
    if not normalise(clip.text, settings.transcript, settings.language):
        return Problem(clip.place, f"expected a transcript with a letter or digit in it. Received: {clip.text[:60]!r}")
    return None


def _symbols_to_fit(examples: Examples, settings: Settings, assets: dict | None) -> list[str]:
    """Return the symbols that targets will be made of, as far as that is known before training."""
    if assets is not None:
        return assets["symbols"]
    if settings.tokens == "subword":
        return learn_symbols([example.target for example in examples.part("train")], settings)
    return learn_symbols([example.target for example in examples.items], settings)


def _length_fault(text: str, encode: Callable, seconds: float, settings: Settings) -> str | None:
    needed, steps = frames_needed(encode(text)), step_count(int(seconds * settings.sample_rate), settings)
    if needed <= steps:
        return None
    return (
        f"the transcript needs {needed:,} steps (one a symbol, and one more between two alike), but {seconds:.2f} s of "
        f"audio make {steps:,} steps of {1000 * settings.step_seconds:g} ms. Received: {text[:60]!r}"
    )


def _strange_characters(examples: Examples, assets: dict | None) -> list[str]:
    """Return a note on characters that the model cannot put out (trained: by its symbols; to be trained: by train)."""
    if assets is not None:
        known, of = set(assets["symbols"]), "the model has no symbol for"
        untrained: Sequence[Example] = examples.items
    else:
        known, of = set().union(*(example.target for example in examples.part("train"))), "train does not have"
        untrained = [example for example in examples.items if example.part != "train"] if known else []
    strange = Counter(character for example in untrained for character in set(example.target) - known)
    if not strange:
        return []
    listed = ", ".join(repr(character) for character in sorted(strange)[:12])
    first = next(example.name for example in untrained if set(example.target) - known)
    return [
        f"Transcripts hold {len(strange)} character{'s' if len(strange) > 1 else ''} that {of} ({listed}), as {first}."
    ]


def prepare(train: Sequence[Example], settings: Settings, inherited: dict | None = None) -> dict[str, Any]:
    """Return the assets, learned from the training part alone.

    `symbols`: what CTC puts out, the blank `""` first. `feature_mean`, `feature_std`: of each feature, where the
    normalisation is global or running. `language_model`: lines of an ARPA file, where `language_model_order` is not 0, and
    `language_model_level`: what its tokens are.

    Args:
        train: The training part; nothing else is looked at.
        inherited: Assets of the model that a warm start begins from: its symbols and statistics go with its weights, the
            symbols as long as they spell every transcript.
    """
    inherited, texts = inherited or {}, [example.target for example in train]
    symbols = inherited.get("symbols")
    if not symbols or not set().union(*texts) <= set(symbols):
        symbols = learn_symbols(texts, settings)
    assets = {"symbols": symbols}
    if settings.normalization in ("global", "running"):
        assets |= _feature_statistics(draw(train, MOST_MEASURED), settings)
        if len(inherited.get("feature_mean", ())) == len(assets["feature_mean"]):
            assets |= {name: inherited[name] for name in ("feature_mean", "feature_std")}
    if settings.closed_vocabulary:
        assets["words"] = sorted({word for text in texts for word in text.split()})
    if settings.language_model_order:
        from suite.decoding.ngram import arpa_lines
        from suite.decoding.ngram import train as learn_ngrams

        model = learn_ngrams(texts, settings.language_model_order, settings.language_model_level)
        assets["language_model"] = arpa_lines(model)
        assets["language_model_level"] = settings.language_model_level
    return assets


def _feature_statistics(examples: Sequence[Example], settings: Settings) -> dict[str, list[float]]:
    from suite.audio.front_end import measure_features

    source = batches(examples, {"symbols": [""]}, settings, False)
    return measure_features(((inputs["samples"], inputs["length"]) for inputs, _ in source.dataset(0)), settings)


def encode_transcript(text: str, assets: dict) -> list[int] | None:
    """Return the symbol numbers of a normalised transcript; None where the model lacks a symbol for one of its characters."""
    if not set(text) <= set(assets["symbols"]):
        return None
    return make_encoder(assets["symbols"])(text)


def batches(examples: Sequence[Example], assets: dict, settings: Settings, training: bool) -> BatchSource:
    """Return batches of clips of similar length.

    Inputs: `{"samples": float32 (batch, N), "length": int32 (batch,)}`, samples at the model's rate in [-1, 1], padded
    with zeros. Targets: int32 `(batch, 1 + symbols)`, how many symbols count and then the symbols, padded with zeros;
    characters that the model lacks are left out of them.
    """
    return make_batches(examples, make_encoder(assets["symbols"]), settings, training)
