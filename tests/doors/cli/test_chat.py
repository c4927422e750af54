import sys
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest

from command_line import Command, Told
from finished_run import FinishedRun
from tunesmith.core.cards import Decoding
from tunesmith.core.example import Message
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


def asked_at_a_terminal(
    command: Command, package: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str], *words: str
) -> Told:
    monkeypatch.setattr(sys, "stdin", Keyboard("".join(f"{line}\n" for line in lines)))
    return command("chat", package, *words, *LIMIT)


def test_a_conversation_that_outgrows_the_context_is_told_so_and_starts_afresh(
    command: Command, finished_run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = finished_run.package
    long = "x" * 200  # two of them leave no room
    told = asked_at_a_terminal(command, package, monkeypatch, [long, long, "Hello"], "--system", "Be brief.")
    system = ("system", "Be brief.")
    first = answer(package, system, ("user", long))
    last = answer(package, system, ("user", long), ("assistant", first), ("user", "Hello"))
    assert (told.code, told.out) == (0, f"{first}\n{first}\n{last}\n")
    afresh = "> The conversation has outgrown the model's context. It starts afresh with this question.\n> "
    assert told.err.count(afresh) == 1


def test_a_question_that_alone_is_too_long_does_not_end_the_conversation(
    command: Command, finished_run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = finished_run.package
    told = asked_at_a_terminal(command, package, monkeypatch, ["x" * 300, "Hello", "x" * 300, "Again"])
    hello, again = (answer(package, ("user", word)) for word in ("Hello", "Again"))
    assert (told.code, told.out) == (0, f"{hello}\n{again}\n")
    assert told.err.count("Shorten it by at least") == 2
    assert told.err.count("starts afresh") == 1  # the second one followed a conversation


def test_a_question_in_a_pipe_that_is_too_long_is_named_by_its_line_and_ends_with_3(
    command: Command, finished_run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO("Hello\n\n" + "word " * 400 + "\nnot asked\n"))
    told = command("chat", finished_run.package, *LIMIT)
    assert told.code == 3
    assert told.out == f"{answer(finished_run.package, ('user', 'Hello'))}\n"
    assert "Line 3 of the input: The prompt has " in told.err
    assert "Shorten it by at least" in told.err


@pytest.mark.parametrize(
    "kind", [TextIOWrapper, type("Terminal", (TextIOWrapper,), {"isatty": lambda _: True})]
)
def test_a_line_that_is_no_text_is_named(
    kind: type[TextIOWrapper],
    command: Command,
    finished_run: FinishedRun,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", kind(BytesIO(b"Hello\nGr\xf6\xdfe\n"), encoding="utf-8"))
    told = command("chat", finished_run.package, *LIMIT)
    assert told.code == 3
    assert told.out == f"{answer(finished_run.package, ('user', 'Hello'))}\n"
    assert told.err.endswith("Line 2 of the input is not text in utf-8. Save it as UTF-8.\n")


def test_a_folder_without_a_package_is_named(command: Command, tmp_path: Path) -> None:
    told = command("chat", tmp_path)
    assert told.code == 1
    assert "package.json is missing" in told.err


def test_a_run_s_folder_is_answered_with_its_package(command: Command, finished_run: FinishedRun) -> None:
    told = command("chat", finished_run.folder.path)
    assert told.code == 1
    assert told.err.endswith(f"Did you mean {finished_run.package}?\n")
