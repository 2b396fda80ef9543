"""What `suite speech` does: learn a language model, and fit the weights of beam search to a model on dev."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.speech.config import Settings
from suite.errors import UserError

if TYPE_CHECKING:
    from suite.decoding.ngram import NgramModel


def learn_language_model(
    text: Path, output: Path, order: int, level: str, transcript: str, language: str | None = None
) -> int:
    """Write the n-gram model of a text file as ARPA; return the number of sentences.

    Raises:
        UserError: if the text cannot be read or is empty.
    """
    from pipelines.speech.transcripts import normalise
    from suite.data.text_files import line_faults, read_lines
    from suite.decoding.ngram import train, write_arpa

    sentences = []
    lines = read_lines(text, None, None)
    faults = line_faults(lines, None, None)
    for number, line in enumerate(lines, 1):
        if number in faults:
            raise UserError(
                f"{text}:{number}: expected UTF-8 text. Received: {line.encode('utf-8', 'surrogateescape')[:60]!r}"
            )
        if sentence := normalise(line, transcript, language):
            sentences.append(sentence)
    if not sentences:
        raise UserError(f"{text}: expected sentences, one a line. Received: no words")
    write_arpa(train(sentences, order, level), output)
    return len(sentences)


def tune_decoder(
    model_dir: Path,
    data: Path,
    language_model: Path | None,
    beam_width: int,
    progress: Callable[[int, int], None],
) -> dict[str, Any]:
    """Fit the weights of beam search on transcribed audio and keep them in the model folder.

    A language model from a file takes the place of the model's own only if it makes no more word errors than the decoder
    that the folder has.

    Returns:
        `split`, `examples`, `greedy_wer`, `wer`, `language_model_weight`, `word_bonus`, `beam_width`; with a file
        `covered`, the share of the transcripts' tokens that it has.

    Raises:
        UserError: if model or data cannot be read, there is no language model, or the file's knows too little or makes more
            errors; the folder is then as it was.
    """
    from suite.artifact import read_artifact, replace_assets
    from suite.data.reading import read_examples
    from suite.decoding.ngram import arpa_lines
    from suite.decoding.tuning import tune
    from suite.inputs.recordings import raw_arrays
    from suite.runtime.loaded import load

    artifact = read_artifact(model_dir)
    settings, assets = artifact.settings, artifact.assets
    if not isinstance(settings, Settings):
        raise UserError(f"{model_dir}: expected a speech model. Received: one of {artifact.task}")
    model = _language_model(language_model, assets, settings, model_dir)
    examples = read_examples(artifact.pipeline, data, settings, None, assets)
    part = "dev" if examples.part("dev") else "all"
    selected = examples.part(part)
    references = [example.target for example in selected]
    covered = {"covered": _check_coverage(language_model, model, references)} if language_model is not None else {}
    answers = load(model_dir).predictor([raw_arrays(example.input, settings) for example in selected])
    log_probs = [answer["log_probs"] for answer in answers]
    tuned = tune(
        log_probs,
        references,
        assets["symbols"],
        model,
        beam_width=beam_width,
        lexicon=assets.get("words"),
        progress=progress,
    )
    if language_model is not None:
        _refuse_worse(language_model, tuned.wer, log_probs, references, assets, settings)
    weights = {"language_model_weight": tuned.lm_weight, "word_bonus": tuned.word_bonus, "beam_width": beam_width}
    new_assets = {"decoder": weights, "language_model": arpa_lines(model), "language_model_level": model.level}
    replace_assets(artifact, new_assets)
    rates = {"greedy_wer": tuned.greedy_wer, "wer": tuned.wer}
    return {"split": part, "examples": len(selected), **rates, **weights, **covered}


def _language_model(path: Path | None, assets: dict[str, Any], settings: Settings, model_dir: Path) -> "NgramModel":
    """Return the language model of a file, or without one the model's own."""
    from pipelines.speech.decoder import own_language_model
    from pipelines.speech.wordlists import read_language_model

    if path is not None:
        return read_language_model(path, assets["symbols"], settings)
    model = own_language_model(assets, settings)
    if model is None:
        raise UserError(
            f"{model_dir}: the model has no language model of its own; name one with --language-model (`suite speech lm` makes it)"
        )
    return model


def _check_coverage(path: Path, model: "NgramModel", references: Sequence[str]) -> float:
    """Return the share of the transcripts' tokens that a language model has; refuse one that has next to none."""
    from pipelines.speech.wordlists import NOTED_SHARE, REFUSED_SHARE, covered_share

    share = covered_share(model, references)
    text = f"{path}: {share:.0%} of the {model.level}s of the transcripts are in it"
    if share < REFUSED_SHARE:
        raise UserError(f"{text}; expected a language model of such sentences, spelled as transcripts are")
    if share < NOTED_SHARE:
        warnings.warn(text, stacklevel=3)
    return share


def _refuse_worse(
    path: Path, rate: float, log_probs: Sequence, references: Sequence[str], assets: dict[str, Any], settings: Settings
) -> None:
    """Raise UserError if the decoder that the folder has makes fewer word errors than `rate`."""
    from pipelines.speech.decoder import make_decoder
    from suite.decoding.tuning import word_error_rate

    decoder = make_decoder(assets, settings)
    present_rate = word_error_rate(references, [decoder.text(steps) for steps in log_probs])
    if present_rate < rate:
        raise UserError(
            f"{path}: word error rate {rate:.4f} with it and {present_rate:.4f} with what the model has; the model is left as it was"
        )
