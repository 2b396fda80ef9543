"""Files of tagged texts, in every documented format, as texts with the place of each token."""

from collections import defaultdict
from pathlib import Path
from typing import Any

from pipelines.tagging.config import Settings
from suite.data.cells import cell_text
from suite.data.column_files import is_column_file, read_columns, split_columns
from suite.data.examples import PARTS, Problem
from suite.data.grouped_rows import group_rows
from suite.data.manifest import placing
from suite.data.parts import part_of
from suite.data.sources import Listing, SourceFile, find_files, find_tables, list_folder
from suite.data.tables import Row, read_table, table_format
from suite.data.tag_targets import Target
from suite.data.tagged_texts import TaggedText, TaggedToken, tagged_text, token_problems
from suite.data.text_files import line_faults, read_lines
from suite.data.text_spans import spans_fault
from suite.data.texts import text_fault
from suite.errors import UserError

COLUMN_ENDINGS = (".conll", ".conllu", ".conllx", ".iob", ".iob2", ".bio", ".bioes")
SENTENCE_COLUMNS = ("sentence", "sentence_id", "sentence #")
CONLLU_COLUMNS, UPOS = 10, 3


Read = tuple[list[TaggedText], list[Problem]]


def find_columns(root: Path, forced: bool = False) -> Listing | None:
    """Return files of columns: `eng.train`, `train.txt`, `en_ewt-ud-train.conllu`, a .tsv with blank lines between sentences."""

    def fits(path: Path) -> bool:
        name = path.name.lower().removesuffix(".gz")
        if forced or name.endswith(COLUMN_ENDINGS) or part_of(name.rpartition(".")[2]):
            return True
        if name.endswith(".txt") and part_of(name):
            return True
        return table_format(path) in (None, "tsv") and is_column_file(path)

    return find_files(root, fits, "file of columns", forced)


def find_token_table(kind: str, root: Path, forced: bool = False) -> Listing | None:
    """Return tables with a row for each token, or for each text in jsonl; a .tsv with blank lines is none."""
    listing = find_tables(root, kind, forced)
    if kind == "tsv" and listing and not forced and any(is_column_file(source.path) for source in listing.sources):
        return None
    return listing


def find_slots(root: Path, forced: bool = False) -> Listing | None:
    """Return `seq.in` of a folder, or of those of its folders whose name is a part."""
    if not root.is_dir():
        return None
    folders = [(None, root), *((part_of(folder.name), folder) for folder in list_folder(root)[1])]
    sources = [
        SourceFile(path, path.relative_to(root).as_posix(), part)
        for part, folder in folders
        if (part or folder == root) and (path := folder / "seq.in").exists()
    ]
    return Listing(f"the files {', '.join(source.name for source in sources)}", sources) if sources else None


def read_column_file(source: SourceFile, settings: Settings) -> Read:
    """Return the sentences of a file of columns; a document is a group."""
    columns = read_columns(source.path, source.name, settings.encoding)
    is_conllu = columns.ids and columns.width == CONLLU_COLUMNS
    token = _column(settings.token_column, int(columns.ids), columns.width, source.path, "token_column")
    tag = _column(settings.tag_column, UPOS if is_conllu else -1, columns.width, source.path, "tag_column")
    texts, problems = [], list(columns.problems)
    for block in columns.blocks:
        rows = [TaggedToken(f"{source.name}:{number}", cells[token], cells[tag]) for number, cells in block.rows]
        if faults := token_problems(rows, ("", "_") if is_conllu else ("",)):
            problems += faults
            continue
        group = f"{source.name}#{block.document}" if block.document else source.group
        texts.append(tagged_text(rows, source.part, group))
    return texts, problems


def _column(setting: str | None, default: int, width: int, path: Path, name: str) -> int:
    try:
        return range(width)[default if setting is None else int(setting)]
    except (ValueError, IndexError):
        expected = f"expected the number of a column, 0 to {width - 1}, or -{width} to -1 from the end"
        raise UserError(f"{path}: setting {name!r}: {expected}. Received: {setting!r}") from None


def read_slots(source: SourceFile, settings: Settings) -> Read:
    """Return the sentences of `seq.in` with the tags of `seq.out` and, where there is one, the intents of `label`."""
    paths = [source.path, source.path.with_name("seq.out"), source.path.with_name("label")]
    files = [read_lines(path, settings.encoding) for path in paths if path.exists() or path.name != "label"]
    for path, lines in zip(paths, files, strict=False):
        if len(lines) != len(files[0]):
            raise UserError(f"{path}: expected {len(files[0]):,} lines, as seq.in has. Received: {len(lines):,}")
    faults = {
        number: Problem(f"{source.name.removesuffix(paths[0].name)}{path.name}:{number}", fault)
        for path, lines in zip(paths, files, strict=False)
        for number, fault in line_faults(lines, settings.encoding).items()
    }
    texts, problems = [], []
    for number, (text, out, *label) in enumerate(zip(*files, strict=True), 1):
        place, tokens, tags = f"{source.name}:{number}", split_columns(text), split_columns(out)
        rows = [TaggedToken(place, token, tag) for token, tag in zip(tokens, tags, strict=False)]
        if number in faults:
            problems.append(faults[number])
        elif len(tokens) != len(tags):
            expected = f"expected as many tags in seq.out as tokens in seq.in, {len(tokens)}"
            problems.append(Problem(place, f"{expected}. Received: {len(tags)}"))
        elif rows and not (row_faults := token_problems(rows)[:1]):
            texts.append(tagged_text(rows, source.part, source.group, label[0].strip() if label else ""))
        elif rows:
            problems += row_faults
    return texts, problems


def read_token_table(source: SourceFile, settings: Settings, kind: str) -> Read:
    """Return the sentences of a table with a row for each token."""
    table = read_table(source.path, settings.encoding, kind, source.name)
    if not table.rows and table.problems:
        return [], table.problems
    token = table.column(settings.token_column or "token", "token_column", numbered=False)
    tag = table.column(settings.tag_column or "tag", "tag_column", numbered=False)
    intent = table.find_column(settings.intent_column) or ""
    place = placing(table, source)
    texts: list[TaggedText] = []
    groups, problems = group_rows(table, SENTENCE_COLUMNS)
    for rows in groups:
        tokens = [TaggedToken(row.name, row.values[token], (row.values[tag] or "").strip()) for row in rows]
        intents = filter(None, (cell_text(row.values.get(intent)) for row in rows))
        faults = token_problems(tokens)
        text = faults or tagged_text(tokens, *place(rows[0]), next(intents, ""))
        _add(text, rows[0], texts, problems)
    return texts, problems


def read_objects(source: SourceFile, settings: Settings) -> Read:
    """Return the texts of JSON lines: a text with `spans`, or `tokens` with `tags`; each perhaps with an intent."""
    table = read_table(source.path, settings.encoding, "jsonl", source.name)
    place = placing(table, source)
    texts: list[TaggedText] = []
    problems = list(table.problems)
    for row in table.rows:
        text = _of_object(row, settings)
        if isinstance(text, TaggedText):
            part, group = place(row)
            text = text._replace(part=part, group=group)
        _add(text, row, texts, problems)
    return texts, problems


def _add(text: TaggedText | list[Problem], row: Row, texts: list[TaggedText], problems: list[Problem]) -> None:
    """Add what was read of a row to the texts, or to the problems."""
    if not isinstance(text, TaggedText):
        problems += text
    elif text.part not in (None, *PARTS):
        problems.append(Problem(row.name, text.part))
    else:
        texts.append(text)


def _of_object(row: Row, settings: Settings) -> TaggedText | list[Problem]:
    values: dict[str, Any] = defaultdict(lambda: None, row.values)
    names = settings.token_column or "tokens", settings.tag_column or "tags"
    tokens, tags, text, spans = (values[name] for name in (*names, settings.text_column, "spans"))
    intent = cell_text(values[settings.intent_column]) or ""
    if tokens is None and tags is None and spans is not None:
        if fault := text_fault(text) or spans_fault(text, spans):
            return [Problem(row.name, fault)]
        ordered = sorted((span["start"], span["end"], span["label"]) for span in spans)
        return TaggedText(text, (row.name,), Target((), tuple(ordered), intent))
    if fault := _lists_fault(tokens, tags, names, settings.text_column):
        return [Problem(row.name, fault)]
    rows = [TaggedToken(row.name, token, tag) for token, tag in zip(tokens, tags, strict=True)]
    return token_problems(rows)[:1] or tagged_text(rows, intent=intent)


def _lists_fault(tokens: Any, tags: Any, names: tuple[str, str], text_column: str) -> str | None:
    for name, value in zip(names, (tokens, tags), strict=True):
        if not isinstance(value, list):
            return f"expected {text_column!r} with 'spans', or lists {names[0]!r} and {names[1]!r}. Missing: {name!r}"
    if len(tokens) != len(tags) or not tokens:
        received = f"{len(tokens)} {names[0]} and {len(tags)} {names[1]}"
        return f"expected as many {names[1]} as {names[0]}, at least one. Received: {received}"
    strange = next((tag for tag in tags if not isinstance(tag, str)), None)
    return strange and f"expected tags as texts. Received: {strange!r} ({type(strange).__name__})"
