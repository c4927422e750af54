"""Checks are made, their findings ordered, kept, and stop a run unless they are accepted."""

import json
import os
from dataclasses import dataclass, replace
from unittest.mock import Mock

import pytest

from tunesmith.core.audit import Finding, Material
from tunesmith.core.contracts import Check
from tunesmith.core.errors import BadData, DamagedFile, MissingExtra
from tunesmith.core.workers import usable
from tunesmith.data import findings
from tunesmith.data.findings import describe, from_json, look, refuse, stopping, to_json

SECRET = Finding(
    "secrets", "stop", "1 row holds a key.", 1, ("a.jsonl:3: sk-…",), "data.clean=[{name: redact}]"
)
TWINS = Finding("duplicates", "warning", "2 rows are the same.", 2, chart={"train": 2})
LONG = Finding("lengths", "note", "Rows are short.")
MATERIAL = Material("text", {}, {}, Mock(), 10)


@dataclass(frozen=True)
class Finds(Check):
    found: tuple[Finding, ...]

    def look(self, material: Material) -> list[Finding]:
        return list(self.found)


@dataclass(frozen=True)
class Lacks(Check):
    def look(self, material: Material) -> list[Finding]:
        raise MissingExtra("Looking for languages", "data")


def test_what_was_found_is_given_worst_first_and_each_check_is_announced():
    said: list[str] = []
    checks = {"odd_rows": Finds((LONG, SECRET)), "duplicates": Finds((TWINS,))}
    assert look(checks, MATERIAL, said.append) == (SECRET, TWINS, LONG)
    assert said == ["looking for odd rows", "looking for duplicates"]


def test_a_check_whose_library_is_missing_says_so():
    (note,) = look({"languages": Lacks()}, MATERIAL, lambda _: None)
    assert (note.check, note.severity) == ("languages", "note")
    assert note.sentence.startswith("Not looked for: Looking for languages needs an extra")
    assert "pip install 'tunesmith[data]'" in note.sentence


@dataclass(frozen=True)
class Process(Check):
    def look(self, material: Material) -> list[Finding]:
        return [Finding("process", "note", str(os.getpid()), len(material.rows["train"]))]


def test_many_rows_are_looked_at_by_several_processes_and_few_here():
    rows = {"train": range(findings.MANY_ROWS)}
    checks = {str(number): Process() for number in range(4)}
    for enough, here in ((rows, False), ({"train": range(10)}, True)):
        found = look(checks, replace(MATERIAL, rows=enough), lambda _: None)  # type: ignore[arg-type]
        assert [one.rows for one in found] == [len(enough["train"])] * 4
        assert {one.sentence == str(os.getpid()) for one in found} == {here or usable() == 1}


def test_only_what_is_not_accepted_stops():
    assert stopping((SECRET, TWINS, LONG), ()) == [SECRET]
    assert stopping((SECRET, TWINS, LONG), ("secrets",)) == []


def test_a_run_is_refused_with_what_was_found_and_both_ways_on():
    other = Finding("label_proof", "stop", "A row teaches nothing.")
    with pytest.raises(BadData) as caught:
        refuse((SECRET, other, TWINS), ("odd_rows",))
    assert str(caught.value) == (
        "The audit of the data stops here, for 2 reasons:\n"
        "  secrets: 1 row holds a key.\n"
        "    a.jsonl:3: sk-…\n"
        "    Remedy: data.clean=[{name: redact}]\n"
        "  label_proof: A row teaches nothing.\n"
        "Mend the data, or accept it as it is: data.audit.accept=[odd_rows, secrets, label_proof]."
    )
    refuse((SECRET, TWINS), ("secrets",))


def test_warnings_are_told_and_notes_counted():
    assert describe((SECRET, TWINS, LONG, LONG), ("secrets",)) == [
        "Accepted, secrets: 1 row holds a key.",
        "Audit, duplicates: 2 rows are the same.",
        "Audit: 2 notes more.",
    ]
    assert describe((LONG,), ()) == ["Audit: 1 note more."]
    assert describe((), ()) == []


def test_findings_survive_writing_and_reading():
    found = (SECRET, TWINS, LONG)
    assert from_json(json.loads(json.dumps(to_json(found)))) == found


def test_findings_that_were_changed_are_refused():
    with pytest.raises(DamagedFile, match="findings"):
        from_json([{"check": "a", "severity": "terrible", "sentence": "b"}])
