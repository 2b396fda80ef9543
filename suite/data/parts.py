"""Which part of a data set a file, folder, list or column value names."""

import re
from typing import Any

PART_WORDS = {
    **{"train": "train", "dev": "dev", "valid": "dev", "validation": "dev", "val": "dev", "test": "test"},
    **{"testa": "dev", "testb": "test"},  # of the CoNLL shared tasks
}
_FILE_ENDINGS = re.compile(
    r"(\.(csv|tsv|jsonl|parquet|json|txt|lst|conll|conllu|conllx|iob|iob2|bio|bioes))?(\.gz)?$", re.IGNORECASE
)


def part_of(name: str) -> str | None:
    """Return "train", "dev" or "test", or None where the name of a file or folder names no part.

    The part's word stands alone, first or last, set off by `-`, `_`, `.` or a space, in any case:
    `Train.tsv.gz`, `valid`, `dev-clean`, `sst_test.csv`, `eng.testa` (dev), `train-00000-of-00002.parquet`; but not
    `training_notes.txt`.
    """
    words = re.split(r"[-_. ]+", _FILE_ENDINGS.sub("", name.strip()).lower())
    named = {PART_WORDS[word] for word in (words[0], words[-1]) if word in PART_WORDS}
    return named.pop() if len(named) == 1 else None


def part_in_column(value: Any) -> str:
    """Return the part that a value of the column `split` names, or a sentence saying that it names none.

    A value that is in `PARTS` of `suite.data.examples` is a part; anything else is the sentence.
    """
    part = part_of(value) if isinstance(value, str) else None
    return part or f"expected train, dev (or valid, val) or test in the column 'split'. Received: {value!r}"
