"""The command line: one file per command, all of them light until they run."""

import logging
import os
import sys
from importlib import import_module
from inspect import getdoc
from pkgutil import iter_modules

import typer

from tunesmith.core.errors import Stopped, TunesmithError
from tunesmith.doors import cli
from tunesmith.doors.cli.command import COMMANDS, GROUPS


def main() -> None:
    """Run the command that was typed; ends the process with a documented exit code."""
    # It recommends a kernel of its own to whoever imports peft, used or not.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    try:
        code = build()(standalone_mode=False, prog_name="tunesmith")
        if code == Stopped.exit_code:
            raise KeyboardInterrupt  # typer catches it and gives its number
        sys.stdout.flush()
    except TunesmithError as error:
        _tell(error)
        sys.exit(error.exit_code)
    except typer.TyperException as error:
        sys.stderr.write(f"{error.format_message()}\n")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # Whoever read the output has gone; without this Python would complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        _tell(TunesmithError(f"{error.filename or 'A file'} cannot be used: {error.strerror or error}."))
        sys.exit(TunesmithError.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("\nStopped.\n")
        sys.exit(Stopped.exit_code)


def build() -> typer.Typer:
    """Put all commands together; a file in this folder that defines one is a command."""
    app = typer.Typer(
        name="tunesmith",
        help="From a data file to a private, specialised language model, and proof whether it is better.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    for found in iter_modules(cli.__path__):
        import_module(f"{cli.__name__}.{found.name}")
    groups = {name: _group(name) for name in GROUPS}
    for name in sorted(COMMANDS):
        function = COMMANDS[name]
        group, _, word = name.rpartition(" ")
        sentence = (getdoc(function) or "").partition("\n")[0]
        # the list of commands would cut a help text short
        (groups[group] if group else app).command(word, short_help=sentence)(function)
    for name, group in groups.items():
        app.add_typer(group, name=name, short_help=GROUPS[name])
    return app


def _group(name: str) -> typer.Typer:
    return typer.Typer(help=GROUPS[name], no_args_is_help=True, rich_markup_mode=None)


def _tell(error: TunesmithError) -> None:
    if os.environ.get("TUNESMITH_DEBUG"):
        raise error
    sys.stderr.write(f"{error}\n")
