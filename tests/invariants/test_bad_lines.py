"""One bad line among 20,000, anywhere, is named by line and byte, and no other is."""

import random
from pathlib import Path

import pytest

from bad_line_trials import BAD, main, trial

ROWS = 20_000


@pytest.mark.parametrize(("number", "reason"), list(enumerate(BAD)))
def test_one_bad_line_anywhere_is_named_exactly(tmp_path: Path, number: int, reason: str) -> None:
    done = trial(tmp_path / "rows.jsonl", ROWS, reason, random.Random(number))
    assert done.named == ((reason, done.line, done.byte),)


@pytest.mark.parametrize("place", [1, 2, 3])
def test_the_first_and_the_last_line_are_named_too(tmp_path: Path, place: int) -> None:
    done = trial(tmp_path / "rows.jsonl", place, "duplicate key", random.Random(place))
    assert done.succeeded


def test_the_program_says_how_it_ended(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--rows", "50", "--trials", "12"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 12
    assert all(": named (" in line for line in said)
