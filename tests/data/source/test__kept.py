import sys

import pytest

from tunesmith.core.errors import BadData, MissingExtra
from tunesmith.data.source._kept import Kept
from tunesmith.data.source.csv import Csv
from tunesmith.data.source.pdf import Pdf


def kept(folder, content):
    (folder / "123.csv").write_text(content)
    path = folder / "123.csv"
    return Kept(Csv(path=path), str(path), "https://host/rows.csv")


def test_rows_are_in_the_file_of_that_name(tmp_path):
    source = kept(tmp_path, "text,label\na,b\na\n")
    good, bad = source.read()
    assert source.gives() == "labels"
    assert source.reads_as().startswith("CSV with columns")
    assert str(good.place) == "https://host/rows.csv:2 (byte 11)"
    assert str(bad.place) == "https://host/rows.csv:3 (byte 15)"


@pytest.mark.parametrize("ask", [Kept.gives, Kept.reads_as, lambda source: list(source.read())])
def test_errors_name_the_file_by_that_name(tmp_path, ask):
    with pytest.raises(BadData) as caught:
        ask(kept(tmp_path, "one,two,three\n"))
    assert "https://host/rows.csv" in str(caught.value)
    assert "123.csv" not in str(caught.value)


def test_a_missing_library_is_said_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pypdf", None)
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    with pytest.raises(MissingExtra, match="Reading PDF needs an extra"):
        Kept(Pdf(path=tmp_path / "a.pdf"), str(tmp_path / "a.pdf"), "https://host/a.pdf").gives()
