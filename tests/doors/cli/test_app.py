import os
import re
import subprocess
import sys
from inspect import getdoc
from pathlib import Path

import pytest

from command_line import Command
from tunesmith.core import errors
from tunesmith.doors.cli import app
from tunesmith.doors.cli.command import COMMANDS, GROUPS

ERRORS = [kind for kind in vars(errors).values() if isinstance(kind, type) and kind is not errors.ClassVar]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> dict[str, BaseException]:
    """Give the place for what the command `fail` raises; it is there for this test only."""
    holder: dict[str, BaseException] = {}

    def fail() -> None:
        """Fail."""
        raise holder["with"]

    monkeypatch.setitem(COMMANDS, "fail", fail)
    return holder


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_ends_with_its_exit_code_and_its_message(
    command: Command, failing: dict[str, BaseException], kind: type[errors.TunesmithError]
) -> None:
    is_extra = kind is errors.MissingExtra
    failing["with"] = kind("This and that.", "serve") if is_extra else kind("This and that.")  # type: ignore[call-arg]
    told = command("fail")
    assert told.code == kind.exit_code
    assert told.out == ""
    assert told.err.startswith("This and that. needs" if is_extra else "This and that.\n")


def test_all_errors_were_tried() -> None:
    assert len(ERRORS) >= 13


def test_a_developer_can_see_where_an_error_was_raised(
    command: Command, failing: dict[str, BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUNESMITH_DEBUG", "1")
    failing["with"] = errors.BadData("Look here.")
    with pytest.raises(errors.BadData, match="Look here"):
        command("fail")


def test_an_error_of_the_system_is_told_in_a_line(
    command: Command, failing: dict[str, BaseException]
) -> None:
    failing["with"] = PermissionError(13, "Permission denied", "runs/a")
    told = command("fail")
    assert (told.code, told.err) == (1, "runs/a cannot be used: Permission denied.\n")


def test_an_interrupt_ends_with_130(command: Command, failing: dict[str, BaseException]) -> None:
    failing["with"] = KeyboardInterrupt()
    told = command("fail")
    assert (told.code, told.err) == (130, "\nStopped.\n")


def test_a_bug_is_not_hidden(command: Command, failing: dict[str, BaseException]) -> None:
    failing["with"] = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        command("fail")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["trian"], "trian"),
        (["check"], "recipe"),
        (["runs", "--jsn"], "--jsn"),
        (["chat", "p", "--max-tokens", "0"], "max-tokens"),
    ],
)
def test_what_cannot_be_understood_ends_with_2(command: Command, words: list[str], said: str) -> None:
    told = command(*words)
    assert told.code == 2
    assert said in told.err.lower()
    assert told.out == ""


def in_groups(command: Command) -> str:
    """Give the lists of all groups, each command with its group before it."""
    told = [(group, command(group, "--help").out.partition("Commands:")[2]) for group in GROUPS]
    return " ".join(re.sub(r"^  (?=\S)", f"  {group} ", list_, flags=re.MULTILINE) for group, list_ in told)


def test_help_lists_every_command_with_its_sentence(command: Command) -> None:
    told = command("--help")
    assert told.code == 0
    names = {path.stem for path in Path(app.__file__).parent.glob("*.py")}
    assert {"run", "check", "chat"} <= {re.sub("[ -]", "_", name) for name in COMMANDS} <= names | {"resume"}
    assert [name for name in COMMANDS if f" {name} " not in told.out + in_groups(command)] == []
    undocumented = [name for name, function in COMMANDS.items() if not function.__doc__]
    assert undocumented == []


@pytest.mark.parametrize("columns", ["60", "80", "100"])
def test_no_sentence_in_the_list_of_commands_is_cut(
    command: Command, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    told = " ".join((command("--help").out.partition("Commands:")[2] + in_groups(command)).split())
    sentences = {name: (getdoc(function) or "").partition("\n")[0] for name, function in COMMANDS.items()}
    assert len(sentences) >= 13
    cut = [name for name, sentence in sentences.items() if f" {name} {sentence}" not in f" {told} "]
    assert cut == []
    assert [name for name, sentence in sentences.items() if not sentence.endswith(".")] == []


def test_a_reader_that_goes_away_is_no_error_worth_a_word() -> None:
    program = [sys.executable, "-c", "from tunesmith.doors.cli.app import main; main()", "list", "schema"]
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(program, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, "")
