"""What an argument of `suite predict` stands for."""

from pipelines.sentiment.config import Settings
from suite.inputs.expand import expand_inputs
from suite.inputs.text import TEXT
from suite.inputs.video import VIDEO


def test_nothing_is_a_text_without_characters_and_no_folder(tmp_path, monkeypatch):
    """`Path("")` is the folder of work; an empty argument, as an unset variable of a shell gives it, must not read that."""
    (tmp_path / "secret.txt").write_text("not asked for")
    monkeypatch.chdir(tmp_path)
    (text,) = expand_inputs(TEXT, Settings(), [""], False)
    assert (text.name, text.raw, text.error) == ("", "", None)
    (clip,) = expand_inputs(VIDEO, Settings(), [""], False)
    assert clip.error == "'': no such file or folder"
