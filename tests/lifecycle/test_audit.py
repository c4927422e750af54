"""An audit says of data what a run of it would say, without a run."""

import json
from pathlib import Path

import pytest

from small_runs import write_recipe, write_rows
from tunesmith import recipe as recipes
from tunesmith.core.errors import BadData
from tunesmith.lifecycle.assemble import prepare_recipe
from tunesmith.lifecycle.audit import audit

KEY = "AKIA" + "IOSFODNN7EXAMPLE"


def with_secret(path: Path) -> Path:
    write_rows(path)
    row = {"prompt": "Which key opens the store?", "completion": f"aws_access_key_id = {KEY}"}
    with path.open("a") as file:
        file.write(json.dumps(row) + "\n")
    return path


def test_a_file_alone_is_audited_with_the_bundled_base(tmp_path: Path) -> None:
    found = audit(write_rows(tmp_path / "rows.jsonl"), (), tmp_path / "page.html", None)
    assert found.reads_as.startswith("JSONL with columns 'prompt' and 'completion'")
    assert found.ledger["rows_in"] == 40
    assert found.stops == ()
    assert "The data can be trained on" in (tmp_path / "page.html").read_text()


def test_raw_text_is_audited_as_raw_text(tmp_path: Path) -> None:
    path = tmp_path / "book.txt"
    path.write_text("\n---\n".join(f"Chapter {n}. It was a dark and stormy night." for n in range(30)))
    found = audit(path, ("data.source.separator=---",), None, None)
    assert found.ledger["rows_in"] == 30
    assert "text" in found.reads_as


def test_a_recipe_is_audited_with_its_changes(tiny_folder: Path, tmp_path: Path) -> None:
    page = write_recipe(tmp_path, tiny_folder)
    found = audit(page, ("data.clean=[{name: sample, share: 0.5}]",), None, tmp_path / "rows.journal")
    dropped = found.ledger["dropped"]["not in the sample"]["rows"]
    lines = [json.loads(line) for line in (tmp_path / "rows.journal").read_text().splitlines()]
    assert len(lines) == dropped > 5
    assert {line["reason"] for line in lines} == {"not in the sample"}


def test_what_stops_is_told_and_stops_a_run_until_it_is_accepted_or_mended(
    tiny_folder: Path, tmp_path: Path
) -> None:
    page = write_recipe(tmp_path, tiny_folder)
    with_secret(tmp_path / "rows.jsonl")
    found = audit(page, (), tmp_path / "page.html", None)
    assert [finding.check for finding in found.stops] == ["secrets"]
    assert KEY not in str(found)
    with pytest.raises(BadData, match=r"data\.audit\.accept=\[secrets\]"):
        prepare_recipe(recipes.read(page))
    for change in ("data.audit.accept=[secrets]", "data.clean=[redact]", "data.audit.skip=[secrets]"):
        assert audit(page, (change,), None, None).stops == ()
        prepare_recipe(recipes.read(page, [change]))


def test_bad_rows_are_listed_as_a_run_would(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl")
    path.write_text(path.read_text() + "broken\n")
    with pytest.raises(BadData, match="1 of 41 rows cannot be used"):
        audit(path, (), None, None)
