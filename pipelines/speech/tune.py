"""What `suite speech` does: learn a language model, and fit the weights of beam search to a model on dev."""

import gzip
from collections.abc import Callable
from pathlib import Path

from suite.errors import UserError


def learn_language_model(text: Path, output: Path, order: int, level: str, transcript: str) -> int:
    """Write the n-gram model of a text file as ARPA; return the number of sentences.

    Raises:
        UserError: if the text cannot be read or is empty.
    """
    from pipelines.speech.transcripts import normalise
    from suite.data.text_files import read_lines
    from suite.decoding.ngram import train, write_arpa

    lines = [normalise(line, transcript) for line in read_lines(text, "utf-8")]
    lines = [line for line in lines if line]
    if not lines:
        raise UserError(f"{text}: expected sentences, one a line. Received: no words")
    write_arpa(train(lines, order, level), output)
    return len(lines)


def tune_decoder(
    model_dir: Path,
    data: Path,
    language_model: Path | None,
    beam_width: int,
    progress: Callable[[int, int], None],
) -> dict:
    """Fit the weights of beam search on transcribed audio and keep them in the model folder.

    Returns:
        `split`, `examples`, `greedy_wer`, `wer`, `language_model_weight`, `word_bonus`, `beam_width`.

    Raises:
        UserError: if model or data cannot be read, or there is no language model.
    """
    from pipelines.speech.data import raw_arrays
    from suite.artifact import read_artifact, replace_assets
    from suite.decoding.ngram import parse_arpa
    from suite.decoding.tuning import tune
    from suite.runtime.loaded import load

    artifact = read_artifact(model_dir)
    settings, assets = artifact.settings, artifact.assets
    if language_model is not None:
        lines = _read_arpa_lines(language_model)
    elif "language_model" in assets:
        lines = assets["language_model"]
    else:
        raise UserError(
            f"{model_dir}: the model has no language model of its own; name one with --language-model (`suite speech lm` makes it)"
        )
    model = parse_arpa(lines, str(language_model or model_dir))
    examples = artifact.pipeline.read(data, settings, None, assets)
    part = "dev" if examples.part("dev") else "all"
    chosen = examples.part(part)
    predictor = load(model_dir).predictor
    answers = predictor([raw_arrays(example.input, settings) for example in chosen])
    found = tune(
        [answer["log_probs"] for answer in answers],
        [example.target for example in chosen],
        assets["symbols"],
        model,
        beam_width=beam_width,
        lexicon=assets.get("words"),
        progress=progress,
    )
    weights = {
        "language_model_weight": found.lm_weight,
        "word_bonus": found.word_bonus,
        "beam_width": beam_width,
    }
    replace_assets(artifact, {"decoder": weights, "language_model": lines})
    return {
        "split": part,
        "examples": len(chosen),
        "greedy_wer": found.greedy_wer,
        "wer": found.wer,
        **weights,
    }


def _read_arpa_lines(path: Path) -> list[str]:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8") as file:
            return file.read().splitlines()
    except (OSError, UnicodeDecodeError, EOFError) as error:
        raise UserError(f"{path}: cannot be read as an ARPA file: {error}") from error
