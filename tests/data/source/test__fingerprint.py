"""A source's fingerprint changes with every byte of its file and with every option, and with nothing else."""

from pathlib import Path

import pytest

from tunesmith.core.errors import BadData
from tunesmith.data.source._fingerprint import fingerprint_of
from tunesmith.data.source.csv import Csv
from tunesmith.data.source.jsonl import Jsonl


def test_bytes_and_options_decide(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text("text,label\na,b\n")
    first = fingerprint_of(Csv(path=path))
    assert fingerprint_of(Csv(path=path)) == first
    assert fingerprint_of(Csv(path=path, delimiter=";")) != first
    assert fingerprint_of(Jsonl(path=path)) != first
    path.write_text("text,label\na,c\n")
    assert fingerprint_of(Csv(path=path)) != first


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(BadData, match=r"nowhere\.csv cannot be read: No such file"):
        fingerprint_of(Csv(path=tmp_path / "nowhere.csv"))
