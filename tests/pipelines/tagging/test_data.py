"""Every documented format of tagged texts, and each fault with its file and line."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from pipelines.tagging.config import Settings
from pipelines.tagging.data import batches, prepare, read
from pipelines.tagging.sample_data import FORMATS, SIZES, make_sample
from suite.data.examples import Examples
from suite.data.tag_targets import check_targets
from suite.errors import UserError
from suite.inputs.text_host import raw_arrays

SENTENCES = [("EU rejects German call .", "B-ORG O B-MISC O O"), ("Peter Blackburn", "B-PER I-PER")]


def conll(*sentences: tuple[str, str]) -> str:
    return "\n".join(
        "".join(f"{token} {tag}\n" for token, tag in zip(text.split(), tags.split(), strict=True))
        for text, tags in sentences
    )


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return folder


def faults(examples: Examples) -> dict[str, str]:
    return {problem.name: problem.message for problem in examples.problems}


def tagged(examples: Examples) -> list[tuple[list[str], list[str]]]:
    return [(example.input.split("\x1f")[:-1], list(example.target.tags)) for example in examples.items]


def expected(*sentences: tuple[str, str]) -> list[tuple[list[str], list[str]]]:
    return [(text.split(), tags.split()) for text, tags in sentences]


def test_files_of_the_shared_tasks_name_their_parts(tmp_path: Path) -> None:
    text = conll(*SENTENCES)
    data = read(
        write(tmp_path, eng__train=text, eng__testa=text, eng__testb=text, README__txt="About.\n\nIt."), Settings()
    )
    assert data.format == "conll"
    assert Counter(example.part for example in data.items) == {"train": 2, "dev": 2, "test": 2}
    assert tagged(data)[:2] == expected(*SENTENCES)
    assert [example.name for example in data.items[:2]] == ["eng.testa:1", "eng.testa:7"]


def test_columns_by_number_and_from_the_end(tmp_path: Path) -> None:
    path = write(tmp_path, train__txt="EU NNP I-NP I-ORG\nsaid VBD I-VP O\n\nNo DT I-NP O\n") / "train.txt"
    assert tagged(read(path, Settings())) == expected(("EU said", "B-ORG O"), ("No", "O"))
    assert tagged(read(path, Settings(tag_column=-2))) == expected(("EU said", "B-NP B-VP"), ("No", "B-NP"))
    assert tagged(read(path, Settings(tag_column=1))) == expected(("EU said", "NNP VBD"), ("No", "DT"))
    assert tagged(read(path, Settings(tag_column=0, token_column=1))) == expected(("NNP VBD", "EU said"), ("DT", "No"))
    for column in (4, -5, "upos"):
        with pytest.raises(
            UserError, match=r"train\.txt: setting 'tag_column': expected the number of a column, 0 to 3"
        ):
            read(path, Settings(tag_column=column))


def test_documents_are_groups_and_no_tokens(tmp_path: Path) -> None:
    text = "-DOCSTART- -X- O\n\nEU NNP B-ORG\n\nno DT O\n\n-DOCSTART- -X- O\nyes UH O\n"
    data = read(write(tmp_path, ned__train=text), Settings())
    assert [(example.input, example.group) for example in data.items] == [
        ("EU\x1f", "ned.train#1"),
        ("no\x1f", "ned.train#1"),
        ("yes\x1f", "ned.train#2"),
    ]


def test_conllu_has_comments_ranges_and_empty_nodes(tmp_path: Path) -> None:
    rows = [("1-2", "don't", "_"), ("1", "do", "AUX"), ("2", "n't", "PART"), ("2.1", "go", "VERB"), ("3", "#", "SYM")]
    lines = ["\t".join([number, form, "_", tag, "XPOS", *"_____"]) for number, form, tag in rows]
    text = "# newdoc id = a\n# text = don't #\n" + "\n".join(lines) + "\n\n# text = a b\n" + lines[1] + "\n\n"
    data = read(write(tmp_path, **{"en_ewt-ud-dev.conllu": text}), Settings())
    assert tagged(data) == expected(("do n't #", "AUX PART SYM"), ("do", "AUX"))
    assert {example.part for example in data.items} == {"dev"}
    assert tagged(read(tmp_path, Settings(tag_column=4)))[1] == (["do"], ["XPOS"])


def test_empty_columns_at_the_end_are_none(tmp_path: Path) -> None:
    data = read(write(tmp_path, train__txt="EU\tB-ORG\t\nsaid\tO\t\n\nno\tO\t\n"), Settings())
    assert tagged(data) == expected(("EU said", "B-ORG O"), ("no", "O"))


def test_a_token_may_hold_spaces_and_a_number_sign(tmp_path: Path) -> None:
    text = "# a comment of the file\nNew York\tNNP\tB-LOC\n#\tNN\tO\n3\u00a0000\tCD\tO\n\nNew York\tNNP\tB-LOC\n"
    data = read(write(tmp_path, train__tsv=text), Settings())
    assert data.format == "conll"
    assert tagged(data)[0] == (["New York", "#", "3\u00a0000"], ["B-LOC", "O", "O"])


@pytest.mark.parametrize(
    ("scheme", "tags"),
    [
        ("IOB1", "I-ORG O I-MISC O O"),
        ("IOB2", "B-ORG O B-MISC O O"),
        ("BIOES", "S-ORG O S-MISC O O"),
        ("BILOU", "U-ORG O U-MISC O O"),
    ],
)
def test_every_scheme_becomes_iob2(tmp_path: Path, scheme: str, tags: str) -> None:
    second = {"IOB1": "I-PER I-PER", "IOB2": "B-PER I-PER", "BIOES": "B-PER E-PER", "BILOU": "B-PER L-PER"}[scheme]
    data = read(write(tmp_path, train__txt=conll((SENTENCES[0][0], tags), (SENTENCES[1][0], second))), Settings())
    assert tagged(data) == expected(*SENTENCES)
    assert data.notes[0] == f"Tags in {scheme}, 3 labels: ORG 1, MISC 1, PER 1."


def test_columns_that_are_missing_are_named(tmp_path: Path) -> None:
    text = "EU B-ORG\nsaid\n\n" + conll(*SENTENCES) + "\nx y z\n\n O\n"
    data = read(write(tmp_path, train__txt=text), Settings())
    assert faults(data) == {
        "train.txt:2": "expected 2 columns parted by blanks, as most lines have. Received: 1",
        "train.txt:13": "expected 2 columns parted by blanks, as most lines have. Received: 3",
        "train.txt:15": "expected 2 columns parted by blanks, as most lines have. Received: 1",
    }
    assert tagged(data) == expected(*SENTENCES)


def test_i_behind_nothing_in_iob2_is_named(tmp_path: Path) -> None:
    data = read(write(tmp_path, train__txt=conll(*SENTENCES, ("in Rome", "O I-LOC"))), Settings())
    assert faults(data) == {"train.txt:11": "'I-LOC' behind 'O': in IOB2, B- begins a span, which I- goes on"}
    rare = read(write(tmp_path, train__txt=conll(*SENTENCES * 50, ("in Rome", "O I-LOC"))), Settings())
    assert not rare.problems and rare.items[-1].target.tags == ("O", "B-LOC")
    assert rare.notes[1] == (
        "1 tag is read as CoNLL's script reads them: train.txt:452: 'I-LOC' behind 'O': in IOB2, B- begins a span, "
        "which I- goes on."
    )


def test_mixed_schemes_are_named_line_by_line(tmp_path: Path) -> None:
    files = {"train.txt": conll(*SENTENCES * 3), "dev.txt": conll(("EU", "S-ORG"), ("Peter Blackburn", "B-PER E-PER"))}
    data = read(write(tmp_path, **files), Settings())
    received = "expected O or a tag that begins with B-, I-, as the data is in IOB2. Received: "
    assert faults(data) == {"dev.txt:1": received + "'S-ORG'", "dev.txt:4": received + "'E-PER'"}
    files = {"train.txt": conll(*SENTENCES * 3), "dev.txt": conll(("EU", "I-ORG"), ("in Rome", "O I-LOC"))}
    assert set(faults(read(write(tmp_path, **files), Settings()))) == {"dev.txt:1", "dev.txt:4"}


def test_an_empty_file_and_one_column_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"train\.txt: the file is empty"):
        read(write(tmp_path, train__txt="\n\n"), Settings())
    with pytest.raises(UserError, match=r"train\.txt: expected columns parted by blanks or tabs.*Received: one column"):
        read(write(tmp_path, train__txt="EU\nsaid\n\nno\n"), Settings())


def test_latin_1_is_named_and_read_where_the_setting_says_so(tmp_path: Path) -> None:
    (tmp_path / "ned.train").write_bytes(conll(*SENTENCES, ("België", "B-LOC"), ("is één", "O O")).encode("latin-1"))
    data = read(tmp_path, Settings())
    assert set(faults(data)) == {"ned.train:10", "ned.train:13"} and len(data.items) == 2
    assert (
        data.problems[0].message.startswith("byte 0xeb is not UTF-8") and "--set encoding=" in data.problems[0].message
    )
    assert tagged(read(tmp_path, Settings(encoding="latin-1")))[2:] == expected(("België", "B-LOC"), ("is één", "O O"))


def test_a_byte_order_mark_and_crlf_are_no_part_of_a_token(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_bytes(b"\xef\xbb\xbf" + conll(*SENTENCES).replace("\n", "\r\n").encode())
    assert tagged(read(tmp_path, Settings())) == expected(*SENTENCES)


def test_a_long_sentence_is_read_whole_and_noted(tmp_path: Path) -> None:
    long = (" ".join(["word"] * 5000), " ".join(["O"] * 5000))
    data = read(write(tmp_path, train__txt=conll(*SENTENCES, long)), Settings())
    assert not data.problems and len(data.items[2].target.tags) == 5000
    assert (
        "1 text has more than 256 tokens, as train.txt:10 (5,000): training learns from the first 256 of each."
        in data.notes
    )


def slots(folder: Path, text: str, tags: str, label: str | None = None) -> Path:
    folder.mkdir(parents=True)
    (folder / "seq.in").write_text(text)
    (folder / "seq.out").write_text(tags)
    if label is not None:
        (folder / "label").write_text(label)
    return folder


def test_slots_in_folders_of_parts_or_bare(tmp_path: Path) -> None:
    slots(tmp_path / "train", "play  jazz \nrate it\n", "O B-genre \nO O\n", "Play\nRate\n")
    slots(tmp_path / "valid", "play\n", "O\n", "Play\n")
    data = read(tmp_path, Settings())
    assert data.format == "slots" and [example.part for example in data.items] == ["train", "train", "dev"]
    assert tagged(data)[0] == (["play", "jazz"], ["O", "B-genre"])
    assert [example.target.intent for example in data.items] == ["Play", "Rate", "Play"]
    bare = read(slots(tmp_path / "bare", "play jazz\n", "O B-genre\n"), Settings())
    assert tagged(bare) == [(["play", "jazz"], ["O", "B-genre"])] and bare.items[0].target.intent == ""


def test_slots_of_different_length_are_named(tmp_path: Path) -> None:
    slots(tmp_path / "train", "play jazz\nplay it loud\n", "O B-genre\nO O\n", "Play\nPlay\n")
    assert faults(read(tmp_path, Settings())) == {
        "train/seq.in:2": "expected as many tags in seq.out as tokens in seq.in, 3. Received: 2"
    }
    slots(tmp_path / "dev", "play\nplay\n", "O\nO\n", "Play\n")
    with pytest.raises(UserError, match=r"label: expected 2 lines, as seq\.in has\. Received: 1"):
        read(tmp_path, Settings())
    (tmp_path / "dev" / "seq.out").unlink()
    with pytest.raises(UserError, match=r"seq\.out: no such file"):
        read(tmp_path, Settings())


def objects(folder: Path, *rows: dict) -> Path:
    (folder / "train.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    return folder


def test_json_lines_have_spans_or_tokens(tmp_path: Path) -> None:
    spans = [{"start": 9, "end": 13, "label": "LOC"}, {"start": 0, "end": 3, "label": "PER"}]
    rows = (
        {"text": " É lives Rome", "spans": spans, "intent": "ask"},
        {"tokens": ["New York", "!"], "tags": ["B-LOC", "O"], "intent": "tell"},
    )
    raw, tokens = read(objects(tmp_path, *rows), Settings()).items
    assert raw.input == " É lives Rome" and raw.target == ((), ((0, 3, "PER"), (9, 13, "LOC")), "ask")
    assert tokens.input == "New York\x1f!\x1f" and tokens.target == (("B-LOC", "O"), (), "tell")


TEXT = "Zoë 😀 lives in Rome."


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        (
            [{"start": 0, "end": 3, "label": "A"}, {"start": 2, "end": 9, "label": "B"}],
            "spans overlap: 0 to 3 (A) and 2 to 9 (B)",
        ),
        (
            [{"start": 15, "end": 40, "label": "A"}],
            "the span 15 to 40 (A) lies outside the text, which has 20 characters",
        ),
        (
            [{"start": 16, "end": 21, "label": "A"}],
            "the span 16 to 21 (A) lies outside the text, which has 20 characters; counted in UTF-16 units it would lie in it, "
            "but characters are expected",
        ),
        (
            [{"start": 3, "end": 3, "label": "A"}],
            "expected a span that begins at 0 or later and ends behind its start. Received: 3 to 3",
        ),
        (
            [{"start": -2, "end": 3, "label": "A"}],
            "expected a span that begins at 0 or later and ends behind its start. Received: -2 to 3",
        ),
        (
            [{"start": 0.0, "end": 3, "label": "A"}],
            "expected a whole number of characters as start of a span. Received: 0.0",
        ),
        (
            [{"start": 0, "end": "3", "label": "A"}],
            "expected a whole number of characters as end of a span. Received: '3'",
        ),
        (
            [{"start": 0, "end": True, "label": "A"}],
            "expected a whole number of characters as end of a span. Received: True",
        ),
        (
            [{"start": 0, "end": 3}],
            "expected a span as {'start': 0, 'end': 5, 'label': 'PER'}. Received: {'start': 0, 'end': 3}",
        ),
        ([{"start": 0, "end": 3, "label": " "}], "the span 0 to 3: the label is empty"),
        ([{"start": 3, "end": 4, "label": "A"}], "the span 3 to 4 (A) holds no character but spaces"),
        ({"0": 3}, "expected a list of spans. Received: \"{'0': 3}\""),
        (
            [{"start": 16, "end": 20, "label": "A"}],  # Rome in UTF-16 units; in characters "ome."
            "offsets count characters of the text; these cut words, and would not if they counted UTF-16 units",
        ),
        (
            [{"start": 0, "end": 4, "label": "A"}, {"start": 10, "end": 15, "label": "B"}],  # Zoë, lives
            "offsets count characters of the text; these cut words, and would not if they counted bytes of UTF-8",
        ),
    ],
)
def test_spans_at_fault_are_named(tmp_path: Path, spans: object, message: str) -> None:
    good = {"text": TEXT, "spans": [{"start": 0, "end": 3, "label": "A"}, {"start": 15, "end": 19, "label": "B"}]}
    data = read(objects(tmp_path, good, {"text": TEXT, "spans": spans}), Settings())
    assert faults(data) == {"train.jsonl:2": message}
    assert [TEXT[start:end] for start, end, _ in data.items[0].target.spans] == ["Zoë", "Rome"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"tokens": ["a", "b"], "tags": ["O"]},
            "expected as many tags as tokens, at least one. Received: 2 tokens and 1 tags",
        ),
        ({"tokens": [], "tags": []}, "expected as many tags as tokens, at least one. Received: 0 tokens and 0 tags"),
        ({"tokens": ["a"], "tags": [3]}, "expected tags as texts. Received: 3 (int)"),
        ({"tokens": ["a", 4], "tags": ["O", "O"]}, "expected a token. Received: '4' (int)"),
        ({"tokens": ["a", " "], "tags": ["O", "O"]}, "the token is empty"),
        ({"tokens": ["a\x1fb"], "tags": ["O"]}, "the token holds U+001F, which parts tokens"),
        ({"text": "a b"}, "expected 'text' with 'spans', or lists 'tokens' and 'tags'. Missing: 'tokens'"),
        ({"tokens": ["a"]}, "expected 'text' with 'spans', or lists 'tokens' and 'tags'. Missing: 'tags'"),
        ({"text": None, "spans": []}, "expected a text. Received: 'None' (NoneType)"),
    ],
)
def test_json_lines_at_fault_are_named(tmp_path: Path, row: dict, message: str) -> None:
    data = read(objects(tmp_path, {"tokens": ["a"], "tags": ["B-A"]}, row), Settings())
    assert faults(data) == {"train.jsonl:2": message} and len(data.items) == 1


def test_a_table_has_a_row_for_each_token(tmp_path: Path) -> None:
    rows = 'sentence,token,tag,intent,split\n1,EU,B-ORG,ask,train\n1,said,O,,\n2,",",O,tell,test\n,no,O,,\n'
    data = read(write(tmp_path, all__csv=rows), Settings())
    assert tagged(data) == [(["EU", "said"], ["B-ORG", "O"]), ([",", "no"], ["O", "O"])]
    assert [(example.part, example.target.intent) for example in data.items] == [("train", "ask"), ("test", "tell")]


def test_tables_at_fault_are_named_and_no_sentence_lacks_a_token(tmp_path: Path) -> None:
    rows = "sentence\ttoken\ttag\n1\tEU\tB-ORG\n1\tsaid\n1\tno\tO\n2\ta\tO\n3\tb\t\n4\tc\tO\n2\td\tO\n5\te\tO\n"
    data = read(write(tmp_path, train__tsv=rows), Settings())
    assert faults(data) == {
        "train.tsv:3": "expected 3 columns (sentence, token, tag). Received: 2",
        "train.tsv:6": "the tag is missing",
        "train.tsv:8": "expected the rows of '2' together. Received: others of it at train.tsv:5",
    }
    assert [example.input for example in data.items] == ["a\x1f", "c\x1f", "e\x1f"]
    with pytest.raises(UserError, match=r"expected a column 'sentence'"):
        read(write(tmp_path, train__tsv="token\ttag\na\tO\n"), Settings())
    with pytest.raises(UserError, match=r"expected a column 'word'.*--set token_column=NAME"):
        read(write(tmp_path, train__tsv=rows), Settings(token_column="word"))


def test_labels_and_intents_that_train_lacks_are_noted(tmp_path: Path) -> None:
    rows = [
        {"tokens": ["a"], "tags": ["B-A"], "intent": "x", "split": "train"},
        {"tokens": ["b"], "tags": ["B-B"], "intent": "y", "split": "test"},
        {"tokens": ["c"], "tags": ["O"], "split": "dev"},
    ]
    data = check_targets(read(objects(tmp_path, *rows), Settings()), Settings())
    assert data.notes[2:] == (
        "1 text of test, as train.jsonl:2, has the label 'B', which train has not: it is never found and counts as missed.",
        "1 text of test, as train.jsonl:2, has the intent 'y', which train has not: it is never right.",
    )
    assert faults(data) == {"train.jsonl:3": "the intent is missing, which other texts of the data have"}
    known = {"labels": ["O", "B-A", "I-A", "B-B", "I-B"], "scheme": "iob2", "intents": ["x"]}
    notes = check_targets(read(tmp_path, Settings()), Settings(), known).notes[2:]
    assert notes == (
        "1 text of test, as train.jsonl:2, has the intent 'y', which the model has not: it is never right.",
    )


def test_a_model_of_spans_is_not_scored_on_plain_labels(tmp_path: Path) -> None:
    plain = read(write(tmp_path, train__txt=conll(("a b", "DET X")) + "\n" + conll(("c d", "DET X"))), Settings())
    model = {"labels": ["O", "S-A"], "scheme": "bioes", "intents": []}
    with pytest.raises(UserError, match=r"expected spans, or tags of them.*Received: plain labels of tokens"):
        check_targets(plain, Settings(), model)
    assert check_targets(plain, Settings(), model | {"labels": ["DET", "X"], "scheme": "none"}).items == plain.items
    (tmp_path / "train.txt").unlink()
    spans = read(objects(tmp_path, {"text": "a", "spans": [{"start": 0, "end": 1, "label": "A"}]}), Settings())
    with pytest.raises(UserError, match="Received: spans"):
        check_targets(spans, Settings(), model | {"labels": ["DET", "X"], "scheme": "none"})
    assert check_targets(spans, Settings(), model).items == spans.items


def test_nothing_to_learn_is_refused(tmp_path: Path) -> None:
    for tags, message in (("O O", "expected spans with labels in train"), ("X X", "at least two labels in train")):
        data = read(write(tmp_path, train__txt=conll(("a b", tags)) + "\n" + conll(("c d", tags))), Settings())
        with pytest.raises(UserError, match=message):
            check_targets(data, Settings())
    (tmp_path / "train.txt").unlink()
    spans = {"text": "a", "spans": [{"start": 0, "end": 1, "label": "A"}]}
    objects(tmp_path, spans, {"tokens": ["a"], "tags": ["DET"]})
    with pytest.raises(UserError, match="Received: spans, and tags that are plain labels"):
        read(tmp_path, Settings())


@pytest.mark.parametrize("format", FORMATS)
def test_sample_data_is_read_in_every_format(tmp_path: Path, format: str) -> None:
    data = read(make_sample(tmp_path / "sample", 0, format), Settings())
    intents = () if format == "conll" else ("Texts have 3 intents: order 268, book 266, cancel 266.",)
    assert data.format == format and not data.problems
    assert Counter(example.part for example in data.items) == SIZES
    labels = {"jsonl": "Spans of characters"}.get(format, "Tags in IOB2")
    assert data.notes[0] == f"{labels}, 6 labels: person 741, item 479, date 468, place 389, amount 342, time 340."
    assert data.notes[1:] == intents
    assert {example.target.intent for example in data.items} == (
        {""} if format == "conll" else {"order", "book", "cancel"}
    )


def test_sample_data_is_the_same_for_a_seed_and_its_names_are_unseen(tmp_path: Path) -> None:
    first, again, reseeded = (make_sample(tmp_path / name, seed) for name, seed in (("a", 0), ("b", 0), ("c", 1)))
    for part in SIZES:
        assert (first / f"{part}.jsonl").read_bytes() == (again / f"{part}.jsonl").read_bytes()
        assert (first / f"{part}.jsonl").read_bytes() != (reseeded / f"{part}.jsonl").read_bytes()
    words: dict[str, set[str]] = {part: set() for part in SIZES}
    for example in read(first, Settings()).items:
        for start, end, label in example.target.spans:
            if label in ("person", "place"):
                words[example.part or ""].update(example.input[start:end].split())
    common = {"Dr.", "Street", "Café", "Hotel", "Room", "Hall", "Pier"}
    assert words["train"] & words["dev"] <= common and (words["train"] | words["dev"]) & words["test"] <= common


def test_assets_and_batches(tmp_path: Path) -> None:
    settings = Settings(batch_size=2, max_tokens=4)
    data = read(
        objects(
            tmp_path,
            *(
                {
                    "text": "Zoë, in Rome",
                    "spans": [{"start": 0, "end": 3, "label": "PER"}, {"start": 8, "end": 12, "label": "LOC"}],
                    "intent": "b",
                },
                {"tokens": ["a", "b c", "d", "e", "f"], "tags": ["O", "O", "O", "B-PER", "I-PER"], "intent": "a10"},
                {"tokens": ["a"], "tags": ["O"], "intent": "a9"},
            ),
        ),
        settings,
    )
    assets = prepare(data.items, settings)
    assert assets["labels"] == ["O", "S-LOC", "S-PER"], "of what train has"
    assert (assets["scheme"], assets["intents"]) == ("bioes", ["a9", "a10", "b"])
    source = batches(data.items, assets, settings, training=False)
    rows = [
        (inputs["words"].numpy(), {name: target.numpy() for name, target in targets.items()})
        for inputs, targets in source.dataset(0)
    ]
    assert [row[0].shape for row in rows] == [(2, 4), (1, 4)] and source.steps == 2
    tags = np.concatenate([row[1]["tags"] for row in rows])
    # One token, then four; the last is cut in the middle of its span, which then is a whole one.
    assert sorted(tags.tolist()) == sorted([[0, -1, -1, -1], [2, 0, 0, 1], [0, 0, 0, 2]])
    assert sorted(np.concatenate([row[1]["intent"] for row in rows]).tolist()) == [0, 1, 2]


def test_raw_arrays_are_the_bytes_of_a_text() -> None:
    assert bytes(raw_arrays("é\x1f", Settings())["text"]) == b"\xc3\xa9\x1f"
