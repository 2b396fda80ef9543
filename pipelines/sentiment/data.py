"""Files on disk -> examples (every documented sentiment format) -> batches of token ids."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.sentiment.config import Settings
from suite.data.batch_source import generated_batches
from suite.data.bucketing import BatchPlan, bucket_lengths, plan_batches
from suite.data.cells import cell_text, label_fault, missing_notes
from suite.data.encodings import twice_notes
from suite.data.examples import Example, Examples, Problem
from suite.data.faults import require_examples
from suite.data.formats import choose_format
from suite.data.labels import natural_order
from suite.data.manifest import Columns, read_manifest
from suite.data.sources import Listing, find_class_files, find_class_folders, find_tables
from suite.data.tables import TABLE_FORMATS
from suite.data.text_files import has_surrogate
from suite.data.texts import HALF_PAIR, read_document, read_text_lines, text_fault
from suite.errors import naming
from suite.inputs import text_host
from suite.pipeline import BatchSource

CLASS_ENDINGS = ("pos", "neg", "neu", "positive", "negative", "neutral")
UNLABELLED_FOLDERS = ("unsup",)
FORMATS: dict[str, Callable[[Path, bool], Listing | None]] = {
    **{kind: partial(lambda kind, root, forced: find_tables(root, kind, forced), kind) for kind in TABLE_FORMATS},
    "folders": lambda root, forced: find_class_folders(root, (".txt",), UNLABELLED_FOLDERS),
    "lines": lambda root, forced: find_class_files(root, CLASS_ENDINGS, forced),
}
_TABLES = "a .{0} file, or a folder (or folders) of {0} files named train, dev, test"
WANTED = {
    **{kind: _TABLES.format(kind) for kind in TABLE_FORMATS},
    "folders": "a folder per class with .txt files (pos/1.txt, or train/pos/1.txt)",
    "lines": "one file per class (NAME.pos and NAME.neg)",
}


def read(path: Path | str, settings: Settings, format: str | None = None) -> Examples:
    """Return the examples of a data set, and what is wrong with the rest as problems and notes.

    Args:
        format: One of `FORMATS`; by default recognised from the files.

    Raises:
        UserError: if the path, a column or a whole file is at fault, or no example is left.
    """
    path = Path(path)
    format, listing = choose_format(path, FORMATS, WANTED, format)
    items, problems = [], []
    for source in listing.sources:
        with naming(source.path):
            if format == "folders":
                rows, faults = read_document(source, settings.encoding)
            elif format == "lines":
                rows, faults = read_text_lines(source, settings.encoding)
            else:
                columns = Columns("text_column", "label_column", absent="")
                rows, faults = read_manifest(source, settings, columns, _row_fault, format)
        problems += faults
        for row in rows:
            if format not in TABLE_FORMATS and (fault := _text_fault(row.input, row.target)):
                problems.append(Problem(row.name, fault))
            else:
                text = row.input.strip()
                items.append(Example(row.name, text, cell_text(row.target), row.part, row.group, text))
    require_examples(items, path, problems)
    notes = (*listing.notes, *twice_notes((example.name, example.input) for example in items))
    if format in TABLE_FORMATS:
        notes += tuple(missing_notes(Counter(example.target for example in items)))
    return Examples(tuple(items), path, format, listing.reason, problems=tuple(problems), notes=notes)


def _text_fault(text: Any, label: Any) -> str | None:
    """Return what is wrong with a text and the name of its class, else None."""
    return text_fault(text) or (f"the label holds {HALF_PAIR}" if has_surrogate(str(label)) else None)


def _row_fault(text: Any, label: Any) -> str | None:
    """Return what is wrong with the cells of a row, else None; unlike the name of a folder, a label may be missing."""
    return text_fault(text) or label_fault(label) or _text_fault(text, label)


def prepare(train: Sequence[Example], settings: Settings, inherited: dict | None = None) -> dict[str, Any]:
    """Return the assets: `labels` (numbers in numeric order), `class_weights` where asked for, the tokenizer's `vocabulary`.

    With `word_vectors` also `vector_words`, the words of the first rows of the vocabulary, and `notes`, how many were found.

    Args:
        train: The training part; nothing else is looked at.
        inherited: Assets of the model that a warm start begins from: its vocabulary and vectors go with its weights.

    Raises:
        UserError: for word vectors that cannot be read or do not fit, or for texts without a word.
    """
    from suite.answers.class_model import class_weights
    from suite.text import learn_tokenizer

    targets = [example.target for example in train]
    labels = sorted(set(targets), key=natural_order)
    assets = {"labels": labels}
    if settings.class_weights == "balanced":
        assets["class_weights"] = class_weights(labels, targets)
    inherited = inherited or {}
    known = inherited.get("vocabulary")
    # Hash addresses of the bytes tokenizer, pieces of words of the other one.
    if known and isinstance(known[-1], str) == (settings.tokenizer == "wordpiece"):
        return assets | {name: inherited[name] for name in ("vocabulary", "vector_words") if name in inherited}
    texts = [example.input for example in train]
    vocabulary = learn_tokenizer(settings, texts)
    if settings.word_vectors and vocabulary is not None:
        from suite.text.vector_rows import vectors_first

        rows = vectors_first(settings, texts, vocabulary)
        return assets | {"vocabulary": rows.vocabulary, "vector_words": rows.words, "notes": [rows.note]}
    return assets if vocabulary is None else assets | {"vocabulary": vocabulary}


def batches(examples: Sequence[Example], assets: dict, settings: Settings, training: bool) -> BatchSource:
    """Return batches `(token ids, class index (batch,))` of texts of similar length; texts are tokenized once, here."""
    import tensorflow as tf

    from suite.text import encode_texts, make_tokenizer, pad_encoded

    tokenizer = make_tokenizer(settings, assets)
    encoded = encode_texts(tokenizer, [example.input for example in examples])
    targets = np.array([assets["labels"].index(example.target) for example in examples], np.int32)
    lengths = [len(tokens["words"]) for tokens in encoded]
    plan = partial(
        plan_batches, lengths, settings.batch_size, settings.seed, training=training, boundaries=bucket_lengths(lengths)
    )

    def generate(epoch: int, planned: Sequence[BatchPlan]) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray]]:
        for batch in planned:
            yield pad_encoded([encoded[index] for index in batch.indices], batch.length), targets[batch.indices]

    signature = (tokenizer.specs, tf.TensorSpec((None,), tf.int32))
    return generated_batches(plan, generate, signature, [example.name for example in examples])


def raw_arrays(raw_input: str, settings: Settings) -> dict[str, np.ndarray]:
    """Return a text as what the signature takes: its UTF-8 bytes, `uint8 (bytes,)`, or for wordpiece one byte string."""
    if settings.tokenizer == "wordpiece":
        return {"text": np.array(raw_input.encode("utf-8", "replace"), "S")}
    return text_host.raw_arrays(raw_input, settings)
