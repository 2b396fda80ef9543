"""What commands print for people."""

import pytest
from rich.text import Text

from suite.commands.output import show


def test_a_pipe_has_long_lines_whole_and_no_colors(capsys: pytest.CaptureFixture[str]) -> None:
    show("word " * 100 + "[end]")
    show(Text("word " * 100).append("[end]", style="red"))
    assert capsys.readouterr().out == ("word " * 100 + "[end]\n") * 2
