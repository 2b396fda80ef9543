import json

import pytest

from suite.config import TrainingSettings
from suite.data.manifest import Columns, path_fault, read_manifest
from suite.data.sources import SourceFile
from suite.errors import UserError


class Settings(TrainingSettings):
    sound_column: str = "sound"
    word_column: str = "word"


COLUMNS = Columns("sound_column", "word_column", groups=("group", "speaker"))


def fault(sound, word):
    return path_fault(sound, "a sound")


def read(path, part=None, columns=COLUMNS):
    return read_manifest(SourceFile(path, path.name, part, "file"), Settings(), columns, fault)


def test_rows_have_their_place_cells_part_and_group(tmp_path):
    path = tmp_path / "all.csv"
    path.write_text("sound,word,split,speaker\na.wav,one,valid,ann\n ,two,train,ann\nb.wav,three,later,ann\n")
    (example,), problems = read(path)
    assert (example.name, example.input, example.target) == ("all.csv:2", "a.wav", "one")
    assert (example.part, example.group) == ("dev", "ann")
    assert [(problem.name, problem.message.partition(". ")[0]) for problem in problems] == [
        ("all.csv:3", "expected the path of a sound"),
        ("all.csv:4", "expected train, dev (or valid, val) or test in the column 'split'"),
    ]


def test_without_such_columns_part_and_group_are_the_files(tmp_path):
    path = tmp_path / "test.jsonl"
    path.write_text("\n".join(map(json.dumps, [{"sound": "a.wav", "word": ["x"]}, {"sound": "b.wav"}, [1]])))
    examples, (problem,) = read(path, "test")
    assert [(example.target, example.part, example.group) for example in examples] == [
        (["x"], "test", "file"),
        (None, "test", "file"),
    ]
    assert problem.name == "test.jsonl:3"
    absent = read(path, columns=Columns("sound_column", "word_column", absent=""))[0]
    assert absent[1].target == ""


def test_a_column_that_is_not_there_is_named_with_its_setting(tmp_path):
    path = tmp_path / "all.csv"
    path.write_text("audio,word\na.wav,one\n")
    with pytest.raises(UserError, match=r"expected a column 'sound'; --set sound_column=NAME chooses another"):
        read(path)
