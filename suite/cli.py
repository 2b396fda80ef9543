"""The command line: assembles the commands and turns faults into messages and exit statuses.

Exit status: 0 done; 2 the user's input, data or settings are at fault; 130 Ctrl-C; 1 anything else.
"""

import errno
import os
import signal
import sys
from typing import TYPE_CHECKING

import typer

from suite.cluster.connect import with_address
from suite.commands import benchmark, data, demo, doctor, evaluate, export, predict, promote, runs, sweep, train, ui
from suite.errors import UserError
from suite.export.convert import ConversionError
from suite.registry import own_commands

if TYPE_CHECKING:
    from types import FrameType


app = typer.Typer(
    help="Train recurrent models on your own text, speech, video and pictures, track every run, ship them to phones.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(train.train)
app.command()(evaluate.evaluate)
app.command(add_help_option=False, context_settings={"ignore_unknown_options": True})(predict.predict)
app.command()(export.export)
app.command()(promote.promote)
app.command()(sweep.sweep)
app.command()(runs.runs)
app.command()(ui.ui)
app.add_typer(data.app, name="data")
app.command()(benchmark.benchmark)
app.command()(demo.demo)
app.command()(doctor.doctor)
for task, commands in own_commands():
    app.add_typer(commands, name=task)


def main() -> None:
    """Run the command line; `--debug` anywhere shows tracebacks."""
    debug = "--debug" in sys.argv[1:]
    if debug:
        sys.argv.remove("--debug")
        os.environ["SUITE_DEBUG"] = "1"
    sys.argv = with_address(sys.argv)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app()
    except UserError as error:
        if debug:
            raise
        _say(f"error: {error}", 2)
    except ConversionError as error:
        if debug:
            raise
        _say(f"error: {error}", 1)
    except ModuleNotFoundError as error:
        if debug or (error.name or "suite").partition(".")[0] in ("suite", "pipelines"):
            raise
        _say(f"error: this needs the package {error.name}, which is not installed here; a full install brings it", 2)
    except KeyboardInterrupt:
        _say("interrupted", 130)
    except BrokenPipeError:
        # The reader of stdout has gone (`suite predict ... | head`); nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if debug:
            raise
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
            _say(f"error: {error.filename or 'a file'} cannot be written: {error.strerror}", 2)
        _say(f"unexpected {type(error).__name__}: {error}\n--debug shows where it happened", 1)


def _interrupt(number: int, frame: "FrameType | None") -> None:
    raise KeyboardInterrupt


def _say(message: str, status: int) -> None:
    sys.stderr.write(message + "\n")
    sys.exit(status)
