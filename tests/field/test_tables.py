"""Tables that spreadsheets, R, pandas, Spark and Hugging Face's `datasets` write, and rows that are damaged.

The right cells are those that the csv module, pandas or pyarrow read or wrote; a damaged row never becomes an example.
"""

import csv
import datetime
import io
import json

import numpy as np
import pandas
import pyarrow
import pytest
from pyarrow import parquet

from pipelines.captioning import formats as captioning
from pipelines.captioning.config import Settings as CaptioningSettings
from pipelines.sentiment.config import Settings
from pipelines.sentiment.sample_data import make_sample
from pipelines.speech import formats as speech
from pipelines.speech.config import Settings as SpeechSettings
from suite.data.tables import read_table
from suite.data.texts import read_texts
from suite.errors import UserError
from tests.reading import reader

read = reader("sentiment")

REVIEWS = [(f"a film, number {number}", "pos" if number % 2 else "neg") for number in range(10)]
TEXTS, LABELS = map(list, zip(*REVIEWS, strict=True))
CSV = "text,label\n" + "".join(f'"{text}",{label}\n' for text, label in REVIEWS)
ALL_IN_TRAIN = Settings(dev_fraction=0, test_fraction=0)


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def pairs(examples):
    return [(example.input, example.target) for example in examples.items]


def as_csv(rows=REVIEWS, header=("text", "label"), **dialect):
    buffer = io.StringIO(newline="")
    csv.writer(buffer, **dialect).writerows([header, *rows] if header else rows)
    return buffer.getvalue()


def as_parquet(columns, metadata=None, **options):
    table = columns if isinstance(columns, pyarrow.Table) else pyarrow.table(columns)
    buffer = io.BytesIO()
    parquet.write_table(table.replace_schema_metadata(metadata) if metadata else table, buffer, **options)
    return buffer.getvalue()


def as_jsonl(rows):
    return "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)


# -- rows that a stray quotation mark or a zero byte spoils

TORN = {
    "one line more": '"He said "no"\nand left",pos\n',
    "its middle looks like a row": '"He said "no"\nhe, really\nand left",pos\n',
    "its first line looks like a row": '"He said "no", and\nthen, later, "left",pos\n',
    "three cells for two": '"He said no", and left, at once\nfor good",pos\n',
    "the mark in its second line": '"First\nhe said "no" and\nleft",pos\n',
}


@pytest.mark.parametrize("torn", TORN.values(), ids=TORN)
def test_the_rest_of_a_torn_row_is_no_example(tmp_path, torn):
    path = write(tmp_path / "a.csv", CSV + torn + '"fine, again",neg\nplain,pos\n')
    examples = read(path, ALL_IN_TRAIN)
    assert pairs(examples) == [*REVIEWS, ("fine, again", "neg"), ("plain", "pos")]
    (problem,) = examples.problems
    assert problem.name == "a.csv:12" and f"reaches to line {11 + torn.count(chr(10))}" in problem.message


def test_rows_after_a_torn_one_of_one_line_are_examples(tmp_path):
    path = write(tmp_path / "a.csv", CSV + '"He said "no",pos\nplain,neg\n"quoted, well",pos\n')
    examples = read(path, ALL_IN_TRAIN)
    assert pairs(examples) == [*REVIEWS, ("plain", "neg"), ("quoted, well", "pos")]
    assert [problem.name for problem in examples.problems] == ["a.csv:12"]


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl"])
def test_a_zero_byte_costs_its_own_row_alone(tmp_path, kind):
    rows = [*REVIEWS[:5], ("be\0fore", "pos"), *REVIEWS[5:]]
    data = {
        "csv": CSV.replace('"a film, number 5"', 'be\0fore,pos\n"a film, number 5"'),
        "tsv": "".join("\t".join(row) + "\n" for row in [("text", "label"), *rows]),
        "jsonl": as_jsonl({"text": text, "label": label} for text, label in rows),
    }
    examples = read(write(tmp_path / f"a.{kind}", data[kind]), ALL_IN_TRAIN)
    assert pairs(examples) == REVIEWS
    (problem,) = examples.problems
    assert problem.name == f"a.{kind}:{6 if kind == 'jsonl' else 7}" and "zero byte" in problem.message


def test_zero_bytes_of_a_binary_file_refuse_it(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, 5000, np.uint8).tobytes()
    for data in (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + noise, b"PK\3\4\24\0" + noise, b"text,label\0\n" + CSV.encode()):
        with pytest.raises(UserError, match=r"a\.csv:\d+: expected text. Received: binary data"):
            read(write(tmp_path / "a.csv", data), ALL_IN_TRAIN)


# -- columns


@pytest.mark.parametrize("column", ["text", "label", "split", "group"])
@pytest.mark.parametrize("kind", ["csv", "tsv", "parquet"])
def test_a_used_column_that_stands_twice_is_refused(tmp_path, column, kind):
    names = ["text", "label", "split", "group", column]
    if kind == "parquet":
        arrays = [pyarrow.array(values) for values in (["a", "b"], ["1", "0"], ["train"] * 2, ["x", "y"], ["z", "w"])]
        data = as_parquet(pyarrow.Table.from_arrays(arrays, names=names))
    else:
        mark = "," if kind == "csv" else "\t"
        data = as_csv([("a", 1, "train", "x", "test"), ("b", 0, "train", "y", "test")], names, delimiter=mark)
    with pytest.raises(UserError, match=rf"a\.{kind}: expected one column '{column}'\. Received: 2"):
        read(write(tmp_path / f"a.{kind}", data), ALL_IN_TRAIN)


def test_columns_that_differ_in_case_are_refused_where_either_may_be_meant(tmp_path):
    data = "text,label,Split,SPLIT\na,1,train,test\nb,0,test,train\n"
    with pytest.raises(UserError, match=r"expected one column 'split'\. Received: 'Split', 'SPLIT'"):
        read(write(tmp_path / "a.csv", data), ALL_IN_TRAIN)


HEADERLESS = {
    "as a tsv has it": (as_csv(header=None), {}),
    "semicolons": (as_csv(header=None, delimiter=";"), {}),
    "label first, by number": (
        as_csv([(label, text) for text, label in REVIEWS], None),
        {"text_column": 1, "label_column": 0},
    ),
    "six columns, as Sentiment140": (
        as_csv(
            [(label, 7, "Mon Apr 06", "NO_QUERY", "ann", text) for text, label in REVIEWS], None, quoting=csv.QUOTE_ALL
        ),
        {"text_column": "5", "label_column": "0"},
    ),
}


@pytest.mark.parametrize(("data", "columns"), HEADERLESS.values(), ids=HEADERLESS)
def test_a_csv_without_header(tmp_path, data, columns):
    path = write(tmp_path / "a.csv", data)
    settings = Settings(dev_fraction=0, test_fraction=0, **columns)
    examples = read(path, settings)
    assert pairs(examples) == REVIEWS and examples.items[0].name == "a.csv:1" and examples.problems == ()
    assert [text for _, text in read_texts(path, settings)[0]] == TEXTS


def test_a_csv_without_header_that_is_not_recognised_says_how_it_is_read(tmp_path):
    with pytest.raises(
        UserError, match=r"--set text_column=NAME chooses another, its number from 0 where the file has no"
    ):
        read(write(tmp_path / "a.csv", as_csv([(label, text) for text, label in REVIEWS], None)), ALL_IN_TRAIN)


def test_one_column_without_header_is_texts_to_predict(tmp_path):
    rows = [(text,) for text in TEXTS]
    path = write(tmp_path / "a.csv", as_csv(rows, None))
    assert read_texts(path, Settings()) == ([(f"a.csv:{line}", text) for line, text in enumerate(TEXTS, 1)], [])
    assert read_texts(write(tmp_path / "b.csv", as_csv(rows, ["text"])), Settings())[0][0] == ("b.csv:2", TEXTS[0])


# -- how spreadsheets write a csv

SPREADSHEETS = {
    "semicolons, as in Europe": as_csv(delimiter=";"),
    "semicolons, cells with commas unquoted": "text;label\n" + "".join(f"{text};{label}\n" for text, label in REVIEWS),
    "sep=; of Excel": "sep=;\r\n" + as_csv(delimiter=";"),
    "sep=, of Excel": "sep=,\r\n" + as_csv(),
    '"sep=|" quoted': '"sep=|"\n' + as_csv(delimiter="|"),
    "tabs": as_csv(delimiter="\t"),
    "all quoted, with a byte order mark": "\ufeff" + as_csv(quoting=csv.QUOTE_ALL),
    "CR alone": as_csv(lineterminator="\r"),
    "CR alone, LF at the end": as_csv(lineterminator="\r") + "\n",
    "empty columns at the end": as_csv([(*row, "", "") for row in REVIEWS], ("text", "label", "", "")),
    "empty cells at the end of some rows": as_csv([*REVIEWS[:5], *((*row, "", "") for row in REVIEWS[5:])]),
    "empty rows at the end": as_csv() + ",\r\n" * 3 + ";;;\r\n".replace(";", ","),
}


@pytest.mark.parametrize("data", SPREADSHEETS.values(), ids=SPREADSHEETS)
def test_what_spreadsheets_write(tmp_path, data):
    examples = read(write(tmp_path / "a.csv", data), ALL_IN_TRAIN)
    assert pairs(examples) == REVIEWS and examples.problems == ()


def test_a_line_end_within_a_cell_of_a_file_of_old_excel(tmp_path):
    rows = [*REVIEWS, ("two\nlines", "pos"), ("and three\nof\nthem", "neg")]
    path = write(tmp_path / "a.csv", as_csv(rows, lineterminator="\r", quoting=csv.QUOTE_ALL))
    assert pairs(read(path, ALL_IN_TRAIN)) == rows == [tuple(row) for row in pandas.read_csv(path).to_numpy()]


def test_a_quoted_tsv_of_r_is_unquoted_and_an_unquoted_one_keeps_its_marks(tmp_path):
    rows = [*REVIEWS, ('so "good"', "pos"), ("a\ttab", "neg")]
    quoted = as_csv(rows, delimiter="\t", quoting=csv.QUOTE_ALL)
    assert pairs(read(write(tmp_path / "r.tsv", quoted), ALL_IN_TRAIN)) == rows
    plain = "text\tlabel\n" + "".join(f'"{text}"\t{label}\n' for text, label in REVIEWS)
    assert pairs(read(write(tmp_path / "a.tsv", plain), ALL_IN_TRAIN)) == [(f'"{text}"', y) for text, y in REVIEWS]


def test_cells_equal_those_of_pandas(tmp_path):
    """Random cells of characters that csv files break on, by every delimiter."""
    generator = np.random.default_rng(0)
    alphabet = list("ab ,;|\t\"\n'é")
    for delimiter in ",;|\t":
        rows = [["x" + "".join(generator.choice(alphabet, 8)) + "y" for _ in range(3)] for _ in range(60)]
        path = write(tmp_path / "a.csv", as_csv(rows, ("one", "two", "three"), delimiter=delimiter))
        frame = pandas.read_csv(path, sep=delimiter, keep_default_na=False)
        assert [list(row.values.values()) for row in read_table(path).rows] == frame.to_numpy().tolist() == rows


# -- missing values, and numbers as labels


def test_a_missing_label_is_no_class_and_a_text_is_a_text_whatever_it_says(tmp_path):
    rows = [("nan", "pos"), ("NaN", "neg"), ("NA", "pos"), ("null", "neg"), ("None", "pos")]
    missing = [("x", "nan"), ("y", "NaN"), ("z", ""), ("w", " ")]
    examples = read(write(tmp_path / "a.csv", as_csv([*REVIEWS, *rows, *missing])), ALL_IN_TRAIN)
    assert pairs(examples) == [*REVIEWS, *rows]
    assert [problem.name for problem in examples.problems] == [f"a.csv:{line}" for line in (17, 18, 19, 20)]
    assert all("the label is" in problem.message for problem in examples.problems)


def test_a_class_named_as_a_missing_value_is_noted(tmp_path):
    examples = read(write(tmp_path / "a.csv", as_csv([*REVIEWS, ("x", "NA"), ("y", "NA")])), ALL_IN_TRAIN)
    assert [note for note in examples.notes if "'NA' of 2 examples is often how a missing value is written" in note]


def test_a_frame_with_missing_labels_reads_the_same_from_every_file_that_pandas_writes(tmp_path):
    frame = pandas.DataFrame({"text": TEXTS, "label": [1.0, 0.0, None, 1.0, 0.0, 1.0, None, 0.0, 1.0, 0.0]})
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    expected = [(text, str(int(label))) for text, label in frame.dropna().itertuples(index=False)]
    for kind in ("parquet", "jsonl"):
        examples = read(tmp_path / f"a.{kind}", ALL_IN_TRAIN)
        assert pairs(examples) == expected
        assert [problem.message for problem in examples.problems] == ["the label is missing"] * 2


def test_numbers_and_texts_are_the_same_label_and_truth_is_not_a_number(tmp_path):
    labels = [1, "1", 1.0, 0, "0", 0.0, -1, -1.0, "-1", True, False, 0.5]
    path = write(tmp_path / "a.jsonl", as_jsonl({"text": f"t{n}", "label": one} for n, one in enumerate(labels)))
    expected = ["1"] * 3 + ["0"] * 3 + ["-1"] * 3 + ["True", "False", "0.5"]
    assert [example.target for example in read(path, ALL_IN_TRAIN).items] == expected


def test_json_that_is_no_standard_json_is_named(tmp_path):
    rows = [{"text": text, "label": label} for text, label in REVIEWS]
    bad = [
        '{"text": "a", "label": NaN}',
        '{"text": "a", "label": -Infinity}',
        '{"text": "a", "text": "b", "label": "pos"}',
    ]
    examples = read(write(tmp_path / "a.jsonl", "\ufeff" + as_jsonl([*rows, *bad])), ALL_IN_TRAIN)
    assert pairs(examples) == REVIEWS
    assert sorted(problem.name for problem in examples.problems) == [f"a.jsonl:{line}" for line in (11, 12, 13)]
    assert any("'text' stands twice" in problem.message for problem in examples.problems)


GROUPS = [
    (0, "0"),
    (1, "1"),
    ("0", "0"),
    (0.0, "0"),
    (2.0, "2"),
    (False, "False"),
    ("", None),
    (None, None),
    (" a ", "a"),
]


def test_group_0_is_a_group_in_every_task(tmp_path):
    """0 and false are groups, null and the empty text are none."""
    expected = [group for _, group in GROUPS]
    rows = [{"text": f"t{n}", "label": n % 2, "group": group} for n, (group, _) in enumerate(GROUPS)]
    examples = read(write(tmp_path / "text.jsonl", as_jsonl(rows)), Settings(split_by="content"))
    assert [example.group for example in examples.items] == expected
    rows = [{"audio": f"{n}.wav", "text": "one", "speaker": group} for n, (group, _) in enumerate(GROUPS)]
    found = speech.find_manifest(write(tmp_path / "speech.jsonl", as_jsonl(rows)))
    assert [clip.group for clip in speech.read_manifest(found, SpeechSettings())[0]] == expected
    rows = [{"image": f"{n}.jpg", "captions": ["a dog"], "group": group} for n, (group, _) in enumerate(GROUPS)]
    found = captioning.find_manifest(write(tmp_path / "pictures.jsonl", as_jsonl(rows)))
    assert [picture.group for picture in captioning.read_manifest(found, CaptioningSettings())[0]] == expected


def test_group_0_is_a_group_of_videos(tmp_path):
    import cv2

    from pipelines.video.config import Settings as VideoSettings

    for number in range(len(GROUPS)):
        file = cv2.VideoWriter(str(tmp_path / f"{number}.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (16, 16))
        for _ in range(2):
            file.write(np.full((16, 16, 3), 20 * number, np.uint8))
        file.release()
    rows = [{"video": f"{n}.avi", "label": n % 2, "group": group} for n, (group, _) in enumerate(GROUPS)]
    write(tmp_path / "clips.jsonl", as_jsonl(rows))
    as_columns = {name: [row[name] for row in rows] for name in ("video", "label")}
    texts = [None if group is None else str(group) for _, group in GROUPS]
    write(tmp_path / "as" / "clips.parquet", as_parquet(as_columns | {"group": texts}))
    settings = VideoSettings(split_by="content", dev_fraction=0, test_fraction=0)
    examples = reader("video")(tmp_path / "clips.jsonl", settings)
    assert [example.group for example in examples.items] == [group for _, group in GROUPS]
    for number in range(len(GROUPS)):
        (tmp_path / f"{number}.avi").rename(tmp_path / "as" / f"{number}.avi")
    again = reader("video")(tmp_path / "as", settings)
    assert again.items[0].target == "0" and again.fingerprint == examples.fingerprint
    assert [example.group for example in again.items] == [group for _, group in GROUPS]


# -- Parquet


def class_label(names):
    features = {"text": {"dtype": "string", "_type": "Value"}, "label": {"names": names, "_type": "ClassLabel"}}
    return {"huggingface": json.dumps({"info": {"features": features}})}


NUMBERS = [int(label == "pos") for label in LABELS]
CATEGORIES = pandas.DataFrame(
    {"text": TEXTS, "label": pandas.Categorical(LABELS), "when": pandas.Timestamp("2020-01-01")}
)
PARQUET = {
    "texts": as_parquet({"text": TEXTS, "label": LABELS}),
    "several row groups": as_parquet({"text": TEXTS, "label": LABELS}, row_group_size=3),
    "dictionaries": as_parquet(
        {name: pyarrow.array(v).dictionary_encode() for name, v in (("text", TEXTS), ("label", LABELS))}
    ),
    "large strings": as_parquet({"text": pyarrow.array(TEXTS, pyarrow.large_string()), "label": LABELS}),
    "string views": as_parquet({"text": pyarrow.array(TEXTS, pyarrow.string_view()), "label": LABELS}),
    "bytes that are UTF-8": as_parquet({"text": [text.encode() for text in TEXTS], "label": LABELS}),
    "ClassLabel": as_parquet({"text": TEXTS, "label": NUMBERS}, class_label(["neg", "pos"])),
    "columns that no task takes": as_parquet(
        {"picture": [{"bytes": b"\xff", "path": None}] * 10, "text": TEXTS, "a.b": NUMBERS, "label": LABELS}
    ),
    "compressed with zstd": as_parquet({"text": TEXTS, "label": LABELS}, compression="zstd"),
}


@pytest.mark.parametrize("data", PARQUET.values(), ids=PARQUET)
def test_parquet(tmp_path, data):
    path = write(tmp_path / "a.parquet", data)
    examples = read(path, ALL_IN_TRAIN)
    assert pairs(examples) == REVIEWS and examples.problems == ()
    assert examples.items[2].name == "a.parquet:3" and examples.format == "parquet"
    assert [text for _, text in read_texts(path, Settings())[0]] == TEXTS


def test_parquet_of_pandas_equals_its_csv(tmp_path):
    CATEGORIES.to_parquet(tmp_path / "a.parquet")
    CATEGORIES.to_csv(tmp_path / "a.csv", index=False)
    by_kind = [pairs(read(tmp_path / name, ALL_IN_TRAIN)) for name in ("a.parquet", "a.csv")]
    assert by_kind[0] == by_kind[1] == REVIEWS


NUMERIC_LABELS = {
    "integers": (pyarrow.array(NUMBERS, pyarrow.uint8()), ["0", "1"]),
    "doubles": (pyarrow.array(NUMBERS, pyarrow.float64()), ["0", "1"]),
    "floats": (pyarrow.array([0.1, 0.7] * 5, pyarrow.float32()), ["0.1", "0.7"]),
    "decimals": (pyarrow.array(NUMBERS).cast(pyarrow.decimal128(21, 2)), ["0", "1"]),
    "truth": (pyarrow.array([False, True] * 5), ["False", "True"]),
}


@pytest.mark.parametrize(("column", "labels"), NUMERIC_LABELS.values(), ids=NUMERIC_LABELS)
def test_numbers_of_parquet_as_labels(tmp_path, column, labels):
    examples = read(write(tmp_path / "a.parquet", as_parquet({"text": TEXTS, "label": column})), ALL_IN_TRAIN)
    assert [example.target for example in examples.items] == labels * 5


def test_nulls_of_parquet_and_the_number_of_no_class_are_named(tmp_path):
    names = class_label(["neg", "pos"])
    data = as_parquet({"text": [*TEXTS, None, "x", "y"], "label": [*NUMBERS, 1, None, -1]}, names)
    examples = read(write(tmp_path / "a.parquet", data), ALL_IN_TRAIN)
    assert pairs(examples) == REVIEWS
    assert sorted(problem.name for problem in examples.problems) == [f"a.parquet:{row}" for row in (11, 12, 13)]


def hub(*missing):
    """The files of a data set as Hugging Face's hub holds them, with the examples that each part should have."""
    rows = {
        "train-00000-of-00002": REVIEWS[:4],
        "train-00001-of-00002": REVIEWS[4:6],
        "validation-00000-of-00001": REVIEWS[6:8],
        "test-00000-of-00001": REVIEWS[8:],
    }
    return {
        f"{name}.parquet": as_parquet(dict(zip(("text", "label"), map(list, zip(*own, strict=True)), strict=True)))
        for name, own in rows.items()
        if name not in missing
    }


def test_the_files_of_a_hub_are_parts_and_all_of_them_are_needed(tmp_path):
    for name, data in hub().items():
        write(tmp_path / "whole" / "data" / name, data)
    write(tmp_path / "whole" / "README.md", "# data")
    for path in (tmp_path / "whole", tmp_path / "whole" / "data"):
        examples = read(path, ALL_IN_TRAIN)
        by_part = {part: pairs(examples.with_items(examples.part(part))) for part in ("train", "dev", "test")}
        assert by_part == {"train": REVIEWS[:6], "dev": REVIEWS[6:8], "test": REVIEWS[8:]}
    for name, data in hub("train-00001-of-00002").items():
        write(tmp_path / "torn" / name, data)
    with pytest.raises(UserError, match=r"all 2 files of 'train'. Received: 1, without train-00001-of-00002.parquet"):
        read(tmp_path / "torn", ALL_IN_TRAIN)
    examples = read(tmp_path / "torn" / "train-00000-of-00002.parquet", ALL_IN_TRAIN)
    assert any("is one of 2 files" in note for note in examples.notes)


def test_the_pieces_that_spark_writes_are_one_table(tmp_path):
    for number in range(2):
        rows = {"text": TEXTS[number * 5 : number * 5 + 5], "label": LABELS[number * 5 : number * 5 + 5]}
        write(tmp_path / "reviews.parquet" / f"part-0000{number}-4f.c000.snappy.parquet", as_parquet(rows))
    write(tmp_path / "reviews.parquet" / "_SUCCESS", "")
    assert pairs(read(tmp_path / "reviews.parquet", ALL_IN_TRAIN)) == REVIEWS


REFUSED = {
    "a struct": (
        as_parquet({"text": [{"en": text} for text in TEXTS], "label": LABELS}),
        "'text'. Received: struct<en: ",
    ),
    "a date": (as_parquet({"text": TEXTS, "label": [datetime.date(2020, 1, 1)] * 10}), "'label'. Received: "),
    "bytes": (as_parquet({"text": [b"\xe9"] * 10, "label": LABELS}), "'text'. Received: bytes that are no UTF-8"),
    "lists": (as_parquet({"text": [[text] for text in TEXTS], "label": LABELS}), "a.parquet:1: expected a text"),
    "cut off": (PARQUET["texts"][:-30], "expected a Parquet file: "),
    "damaged": (PARQUET["texts"][:20] + b"\xff" * 60 + PARQUET["texts"][80:], "expected a Parquet file: "),
    "a csv": (CSV, "expected a Parquet file: "),
    "empty": ("", "the file is empty"),
    "another column": (
        as_parquet({"review": TEXTS, "label": LABELS}),
        "expected a column 'text'; --set text_column=NAME",
    ),
}


@pytest.mark.parametrize(("data", "message"), REFUSED.values(), ids=REFUSED)
def test_parquet_that_cannot_be_read_is_refused_in_one_sentence(tmp_path, data, message):
    with pytest.raises(UserError) as error:
        read(write(tmp_path / "a.parquet", data), ALL_IN_TRAIN)
    assert message in str(error.value) and "a.parquet" in str(error.value) and "\n" not in str(error.value)


def test_manifests_in_parquet(tmp_path):
    path = write(
        tmp_path / "clips.parquet", as_parquet({"audio": ["1.wav", None], "text": ["one", "two"], "speaker": [0, 1]})
    )
    clips, problems = speech.read_manifest(speech.find_manifest(path), SpeechSettings())
    assert [(clip.name, clip.text, clip.group) for clip in clips] == [("1.wav", "one", "0")]
    assert [problem.name for problem in problems] == ["clips.parquet:2"]
    path = write(tmp_path / "train.parquet", as_parquet({"image": ["1.jpg"], "captions": [["a dog", "a cat"]]}))
    (picture,) = captioning.read_manifest(captioning.find_manifest(path), CaptioningSettings())[0]
    assert [caption for _, caption in picture.captions] == ["a dog", "a cat"] and picture.part == "train"


def test_the_sample_data_is_the_same_in_every_table(tmp_path):
    fingerprints = {
        kind: read(make_sample(tmp_path / kind, format=kind), Settings()).fingerprint
        for kind in ("csv", "jsonl", "parquet")
    }
    assert len(set(fingerprints.values())) == 1
