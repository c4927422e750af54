import pytest

from tunesmith.core.errors import BadData
from tunesmith.core.example import BadRow
from tunesmith.data.source import _documents
from tunesmith.data.source._documents import documents


def write(folder, content):
    file = folder / "notes.md"
    file.write_bytes(content)
    return file


def test_a_whole_file_is_one_document(tmp_path):
    (document,) = documents(write(tmp_path, b"\xef\xbb\xbf\r\n\n# Title\n\nText\n"), None)
    assert document.text == "# Title\n\nText"
    assert (document.place.line, document.place.byte) == (3, 6)


def test_documents_are_placed_at_their_first_line(tmp_path):
    file = write(tmp_path, b"one\n--\n\ntwo\nlines\n--\n \n--\nthree")
    found = [(d.text, d.place.line, d.place.byte) for d in documents(file, "\n--\n")]
    assert found == [("one", 1, 0), ("two\nlines", 4, 8), ("three", 9, 26)]


def test_a_separator_across_two_chunks_is_found(tmp_path):
    chunk = _documents._CHUNK_BYTES
    file = write(tmp_path, b"x" * (chunk - 1) + b"<|end|>" + b"y" * 3 * chunk + b"<|end|>")
    assert [(len(d.text), d.place.byte) for d in documents(file, "<|end|>")] == [
        (chunk - 1, 0),
        (3 * chunk, chunk + 6),
    ]


@pytest.mark.parametrize("chunk", [1, 2, 3, 7])
def test_documents_are_the_same_however_much_is_read_at_once(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(_documents, "_CHUNK_BYTES", chunk)
    found = [(d.text, d.place.byte) for d in documents(write(tmp_path, b"a---b--c-\nd-----"), "--")]
    assert found == [("a", 0), ("-b", 3), ("c-\nd", 7), ("-", 15)]


def test_a_document_that_is_not_utf8_is_named_and_the_others_are_read(tmp_path):
    first, second = documents(write(tmp_path, b"caf\xe9 noir|tea"), "|")
    assert isinstance(first, BadRow)
    assert first.reason == "not UTF-8"
    assert second.text == "tea"


def test_white_space_is_no_document(tmp_path):
    with pytest.raises(BadData, match="nothing but white space"):
        list(documents(write(tmp_path, b" \n|\n "), "|"))
