"""Files on disk -> examples (every documented format of tagged texts) -> batches of tokens."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.tagging.config import Settings
from pipelines.tagging.formats import (
    Read,
    find_columns,
    find_slots,
    find_token_table,
    read_column_file,
    read_objects,
    read_slots,
    read_token_table,
)
from suite.data.batch_source import generated_batches
from suite.data.bucketing import BatchPlan, bucket_lengths, plan_batches
from suite.data.encodings import twice_notes
from suite.data.examples import Example, Examples, Problem
from suite.data.faults import require_examples
from suite.data.formats import choose_format
from suite.data.labels import natural_order
from suite.data.padding import pad_rows
from suite.data.sources import Listing, SourceFile
from suite.data.tag_schemes import OUTSIDE, recognize, scheme_tags
from suite.data.tag_targets import describe_cut_spans, gold_tags, target_labels
from suite.data.tagged_texts import TaggedText, describe_long, to_examples
from suite.errors import naming
from suite.pipeline import BatchSource
from suite.text.token_rule import SEPARATOR, TokenRule
from suite.text.token_tokenizer import (
    TokenTokenizer,
    character_spans,
    folded_words,
    learn_rule,
    learn_token_rows,
    split_tokens,
)

FORMATS: dict[str, Callable[[Path, bool], Listing | None]] = {
    "conll": find_columns,
    "slots": find_slots,
    **{kind: partial(find_token_table, kind) for kind in ("jsonl", "csv", "tsv")},
}
READERS: dict[str, Callable[[SourceFile, Settings], Read]] = {
    **{"conll": read_column_file, "slots": read_slots, "jsonl": read_objects},
    **{kind: partial(read_token_table, kind=kind) for kind in ("csv", "tsv")},
}
LEARNED = ("words", "affixes", "token_rule")
SHORTEST_PIECE = 256  # bytes; texts of data as short as one word must not tear apart what is predicted
WANTED = {
    "conll": "a file of columns, or a folder of such files named train, dev, test (eng.train, train.txt, dev.conllu)",
    "slots": "seq.in and seq.out, perhaps with label, in a folder or in folders train, valid, test",
    **{kind: f"a .{kind} file, or a folder of such files named train, dev, test" for kind in ("jsonl", "csv", "tsv")},
}


def read(path: Path | str, settings: Settings, format: str | None = None) -> Examples:
    """Return the tagged texts of a data set, and what is wrong with the rest as problems and notes.

    A text that comes in tokens is written as these, each ended by U+001F; its tags become IOB2, whatever scheme the data
    is in, or stay plain labels.

    Args:
        format: One of `FORMATS`; by default recognized from the files.

    Raises:
        UserError: if the path, a column or a whole file is at fault, or no text can be used.
    """
    path = Path(path)
    format, listing = choose_format(path, FORMATS, WANTED, format)
    texts: list[TaggedText] = []
    problems: list[Problem] = []
    for source in listing.sources:
        with naming(source.path):
            of_source, faults = READERS[format](source, settings)
        texts += of_source
        problems += faults
    items, faults, notes = to_examples(texts, path)
    problems += faults
    require_examples(items, path, problems)
    notes = [*listing.notes, *notes, *describe_long(items, settings.max_tokens)]
    notes += twice_notes((example.name, example.input.replace(SEPARATOR, " ")) for example in items)
    return Examples(tuple(items), path, format, listing.reason, problems=tuple(problems), notes=tuple(notes))


def prepare(train: Sequence[Example], settings: Settings, inherited: dict | None = None) -> dict[str, Any]:
    """Return the assets: `labels`, the tags of the model, `O` first; their `scheme`; `intents`; and what the tokenizer learned.

    That is `words`, `affixes` and `token_rule`; with `word_vectors` also `vector_words`, the words of the first rows. `notes`
    say which spans cut a token and how many vectors there were. `longest` is the bytes of the longest text: what is predicted
    is read in pieces of that.

    Args:
        train: The training part; nothing else is looked at.
        inherited: Assets of the model that a warm start begins from: what its tokenizer learned goes with its weights.

    Raises:
        UserError: for word vectors that cannot be read or do not fit, or for texts without a token.
    """
    scheme = recognize(example.target.tags for example in train).scheme
    scheme = scheme if scheme == "none" else settings.scheme
    labels = {label for example in train for label in target_labels(example.target, scheme)}
    texts = [example.input for example in train]
    assets: dict[str, Any] = {
        "scheme": scheme,
        "intents": sorted({example.target.intent for example in train} - {""}, key=natural_order),
        "longest": max(SHORTEST_PIECE, *(len(text.encode("utf-8", "replace")) for text in texts)),
    }
    if inherited:
        assets |= {name: inherited[name] for name in (*LEARNED, "vector_words") if name in inherited}
    else:
        tokens = [token for text in texts for token in split_tokens(text) or ()]
        rule = learn_rule(tokens) if tokens else TokenRule()
        assets |= learn_token_rows(texts, rule, settings.min_count, settings.affix_min_count)
    offsets = _offsets(texts, assets)
    # Tags that no text has need not be told apart: of many labels one token long, B, I and E would be most of the tags.
    learned = {
        tag
        for example, spans in zip(train, offsets, strict=True)
        for tag in gold_tags(example.target, spans[: settings.max_tokens], scheme)
    }
    tags = scheme_tags(sorted(labels, key=natural_order), scheme)
    assets["labels"] = [tag for tag in tags if tag == OUTSIDE or tag in learned]
    assets["notes"] = describe_cut_spans(train, offsets)
    if settings.word_vectors and not inherited:
        from suite.text.vector_rows import words_first

        words = folded_words(
            text[start:end] for text, spans in zip(texts, offsets, strict=True) for start, end in spans
        )
        rows = words_first(settings, words, assets["words"])
        assets |= {"words": rows.vocabulary, "vector_words": rows.words, "notes": [*assets["notes"], rows.note]}
    return assets


def _offsets(texts: Sequence[str], assets: dict[str, Any]) -> list[list[tuple[int, int]]]:
    """Return the characters `(start, end)` of the tokens of each text."""
    encoded = TokenTokenizer.from_assets(assets).encode(texts)
    return [
        character_spans(text, tokens["starts"], tokens["ends"]) for text, tokens in zip(texts, encoded, strict=True)
    ]


def batches(examples: Sequence[Example], assets: dict, settings: Settings, training: bool) -> BatchSource:
    """Return batches of texts of similar length, tokenized once, here: the tokenizer's tensors, and what is to be learned.

    That is `tags`, int32 `(batch, time)`, places in the labels and -1 behind the end; and where the model has intents,
    `intent`, int32 `(batch,)`. A tag or an intent that the model does not have is its first one, `O`: the loss of dev must
    be a number, and what is scored is the text of tags.
    """
    import tensorflow as tf

    tokenizer = TokenTokenizer.from_assets(assets)
    encoded = tokenizer.encode([example.input for example in examples])
    place, intent = ({name: row for row, name in enumerate(assets[key])} for key in ("labels", "intents"))
    tags = []
    for example, tokens in zip(examples, encoded, strict=True):
        offsets = character_spans(example.input, tokens["starts"], tokens["ends"])[: settings.max_tokens]
        gold = gold_tags(example.target, offsets, assets["scheme"])
        tags.append(np.array([place.get(tag, place.get(OUTSIDE, 0)) for tag in gold], np.int32))
    intents = np.array([intent.get(example.target.intent, 0) for example in examples], np.int32)
    lengths = [len(row) for row in tags]
    plan = partial(
        plan_batches, lengths, settings.batch_size, settings.seed, training=training, boundaries=bucket_lengths(lengths)
    )

    def generate(epoch: int, planned: Sequence[BatchPlan]) -> Iterator[tuple[dict[str, np.ndarray], Any]]:
        for batch in planned:
            inputs = {
                name: pad_rows([encoded[row][name][: lengths[row]] for row in batch.indices], np.int32, batch.length)
                for name in tokenizer.specs
            }
            targets = {"tags": pad_rows([tags[row] + 1 for row in batch.indices], np.int32, batch.length) - 1}
            yield inputs, targets | ({"intent": intents[batch.indices]} if intent else {})

    target_specs = {"tags": tf.TensorSpec((None, None), tf.int32)}
    target_specs |= {"intent": tf.TensorSpec((None,), tf.int32)} if intent else {}
    return generated_batches(plan, generate, (tokenizer.specs, target_specs), [example.name for example in examples])
