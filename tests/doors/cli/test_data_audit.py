"""`tunesmith data audit` says what is in data, and ends with 3 where a run on it would stop."""

import json
from pathlib import Path

import pytest

from command_line import Command
from small_runs import write_recipe, write_rows
from tunesmith.core.audit import Finding
from tunesmith.doors.cli import data_audit

KEY = "AKIA" + "IOSFODNN7EXAMPLE"


def add_secret(path: Path) -> None:
    row = {"prompt": "Which key opens the store?", "completion": f"aws_access_key_id = {KEY}"}
    with path.open("a") as file:
        file.write(json.dumps(row) + "\n")


def test_a_file_is_audited_and_the_page_is_where_it_was_asked_for(command: Command, tmp_path: Path) -> None:
    told = command("data", "audit", write_rows(tmp_path / "rows.jsonl"), "--report", tmp_path / "a.html")
    assert told.code == 0
    assert told.out.startswith("JSONL with columns 'prompt' and 'completion'")
    assert "\n40 rows read: " in told.out
    assert told.err.endswith(f"Written for people: {tmp_path / 'a.html'}\n")
    assert "<h1>" in (tmp_path / "a.html").read_text()


def test_a_finding_that_stops_is_shown_with_its_remedy_and_ends_with_3(
    command: Command, tiny_folder: Path, tmp_path: Path
) -> None:
    recipe = write_recipe(tmp_path, tiny_folder)
    add_secret(tmp_path / "rows.jsonl")
    words = ("data", "audit", recipe, "--report", tmp_path / "a.html")
    told = command(*words)
    assert told.code == 3
    assert "\nSTOP  secrets: " in told.out
    assert "\n      Remedy: " in told.out
    assert told.err.splitlines()[-1].endswith("To accept it as it is: data.audit.accept=[secrets]")
    assert command(*words, "data.audit.accept=[secrets]").code == 0


def test_the_result_as_json_holds_all_findings(command: Command, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl")
    add_secret(path)
    told = command("data", "audit", path, "--report", tmp_path / "a.html", "--json")
    value = json.loads(told.out)
    assert told.code == 3
    assert value["stops"] == ["secrets"]
    assert value["ledger"]["rows_in"] == 41
    assert {"check", "severity", "sentence", "rows", "examples", "remedy", "chart"} == set(
        value["findings"][0]
    )
    assert KEY not in told.out + told.err


def test_the_journal_has_a_line_for_each_row_that_was_touched(command: Command, tmp_path: Path) -> None:
    path, journal = write_rows(tmp_path / "rows.jsonl"), tmp_path / "journal.jsonl"
    change = "data.clean=[{name: sample, share: 0.5}]"
    told = command("data", "audit", path, change, "--report", tmp_path / "a.html", "--journal", journal)
    assert told.code == 0
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert lines
    assert all(line["what"] == "dropped" and line["row"].startswith(str(path)) for line in lines)


def test_bad_rows_end_with_3_and_are_named(command: Command, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl")
    path.write_text(path.read_text() + "{broken\n")
    told = command("data", "audit", path, "--report", tmp_path / "a.html")
    assert (told.code, told.out) == (3, "")
    assert "rows.jsonl:41 " in told.err


def test_a_copy_is_mended_first_and_what_was_changed_is_told(command: Command, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl")
    path.write_bytes(path.read_text().encode("utf-16"))
    told = command("data", "audit", path, "--fix", tmp_path / "clean.jsonl", "--report", tmp_path / "a.html")
    assert told.code == 0
    assert "UTF-16" in told.err
    assert "\n40 rows read: " in told.out
    assert len((tmp_path / "clean.jsonl").read_text("utf-8").splitlines()) == 40


def test_a_copy_holds_the_rows_that_are_usable_as_the_options_say(command: Command, tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    path, clean = tmp_path / "rows.jsonl", tmp_path / "clean.jsonl"
    rows = [{"messages": turns[:number], "topic": "t"} for number in (1, 2)]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    words = ("data", "audit", path, "--fix", clean, "--report", tmp_path / "a.html")
    assert "there is no 'shap'" in command(*words, "data.source.columns.shap=messages").err
    assert list(tmp_path.iterdir()) == [path]
    command(*words, "data.source.columns.shape=messages")
    assert clean.read_text() == f"{json.dumps(rows[1])}\n"


def test_a_copy_that_cannot_be_made_leaves_no_list_behind(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text("no row at all\n", encoding="utf-8")
    assert command("data", "audit", file, "--fix", tmp_path / "clean.jsonl").code == 3
    assert "no folder" in command("data", "audit", file, "--fix", tmp_path / "gone" / "clean.jsonl").err
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(("is_terminal", "shown"), [(True, "a \x1b[32mb\x1b[0m c"), (False, "a [[b]] c")])
def test_what_is_learned_is_green_where_there_are_colours(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool, shown: str
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: is_terminal)
    assert data_audit.coloured("a [[b]] c") == shown


def test_brackets_in_the_examples_of_other_checks_are_a_part_of_the_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    for check, shown in (("secrets", "[[b]]"), ("label_proof", "\x1b[32mb\x1b[0m")):
        found = Finding(check, "note", "One.", examples=("a\n[[b]]",))
        assert data_audit._lines(found)[1] == f"      a\u23ce {shown}"
    monkeypatch.setenv("NO_COLOR", "1")
    assert data_audit.coloured("a [[b]] c") == "a [[b]] c"
