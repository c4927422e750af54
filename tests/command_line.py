"""The command line as people use it, inside the process of the test."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tunesmith.doors.cli.app import main


@dataclass(frozen=True)
class Told:
    """What a command said where, and the exit code it ended with."""

    code: int
    out: str
    err: str


Command = Callable[..., Told]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Give the function that types a command and tells what came of it; whatever fails has no traceback."""

    def type_in(*words: str | Path) -> Told:
        monkeypatch.setattr(sys, "argv", ["tunesmith", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return Told(code, said.out, said.err)

    return type_in
