"""`tunesmith memory remove` says what was forgotten, and what was not there."""

from pathlib import Path

from command_line import Command
from remembering import make_package, orders, write_rows


def test_it_says_what_went_and_what_was_not_there(
    command: Command, tiny_folder: Path, tmp_path: Path
) -> None:
    package = make_package(tmp_path, tiny_folder, orders(*range(5)), ["retrieval"])
    data = write_rows(tmp_path / "gone.jsonl", orders(4, 50))
    told = command("memory", "remove", package, data, "--key", "run.jsonl:1", "--to", tmp_path / "new")
    assert told.code == 0
    assert told.err.startswith(f"not remembered: {data}:2 (byte ")
    lines = told.out.splitlines()
    assert lines[0] == "retrieval: 2 rows with 2 passages removed; 3 rows with 3 passages now"
    assert lines[2] == f"package:   {tmp_path / 'new'}"


def test_it_needs_rows_to_remove(command: Command, tmp_path: Path) -> None:
    told = command("memory", "remove", tmp_path, "--to", tmp_path / "new")
    assert (told.code, told.out) == (2, "")
    assert "a file of them, --key or --source" in told.err
