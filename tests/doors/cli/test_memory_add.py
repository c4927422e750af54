"""`tunesmith memory add` says what is remembered now, and where."""

import json
from pathlib import Path

from command_line import Command
from remembering import make_package, orders, write_rows


def test_it_says_what_came_and_where_the_package_is(
    command: Command, tiny_folder: Path, tmp_path: Path
) -> None:
    package = make_package(tmp_path, tiny_folder, orders(*range(5)), ["retrieval"])
    data = write_rows(tmp_path / "more.jsonl", orders(4, 5, 6))
    told = command("memory", "add", package, data, "--to", tmp_path / "new", "--json")
    assert (told.code, told.err) == (0, "")
    value = json.loads(told.out)
    assert value["package"] == str(tmp_path / "new")
    (memory,) = value["memories"]
    assert (memory["memory"], memory["added"], memory["known"], memory["rows"]) == ("retrieval", 2, 1, 7)
    told = command("memory", "add", package, data, "--to", tmp_path / "new")
    assert (told.code, told.out) == (2, "")
    assert "exists already" in told.err
