import sys
from io import StringIO
from pathlib import Path

import pytest

from command_line import Command
from finished_run import FinishedRun
from tunesmith.core.cards import Decoding, Message
from tunesmith.lifecycle.loaded import load

SHORT = Decoding(max_tokens=8)
LIMIT = ("--max-tokens", "8")


class Keyboard(StringIO):
    """What somebody types at a terminal."""

    def isatty(self) -> bool:
        return True


def answer(package: Path, *turns: tuple[str, str]) -> str:
    return load(package).generate([Message(role, text) for role, text in turns], SHORT)  # type: ignore[arg-type]


def test_from_a_pipe_each_line_is_asked_alone(
    command: Command, finished_run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO("Where is order 3?\n\nWhere is order 4?"))
    told = command("chat", finished_run.package, *LIMIT)
    wanted = [answer(finished_run.package, ("user", f"Where is order {n}?")) for n in (3, 4)]
    assert (told.code, told.out) == (0, "".join(f"{one}\n" for one in wanted))
    assert told.err == f"loading {finished_run.package}\n"


def test_at_a_terminal_turns_follow_each_other_until_an_empty_line(
    command: Command, finished_run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Keyboard("Hello\nAgain\n\nnot read\n"))
    told = command("chat", finished_run.package, "--system", "Be brief.", *LIMIT)
    opening = (("system", "Be brief."), ("user", "Hello"))
    first = answer(finished_run.package, *opening)
    second = answer(finished_run.package, *opening, ("assistant", first), ("user", "Again"))
    assert told.out == f"{first}\n{second}\n"
    assert told.err.endswith("> > > ")


def test_a_question_that_is_too_long_ends_with_3(
    command: Command, finished_run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO("word " * 400))
    told = command("chat", finished_run.package)
    assert told.code == 3
    assert "Shorten it by at least" in told.err


def test_a_folder_without_a_package_is_named(command: Command, tmp_path: Path) -> None:
    told = command("chat", tmp_path)
    assert told.code == 1
    assert "package.json is missing" in told.err
