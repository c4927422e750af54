from pathlib import Path

import pytest

from tunesmith.core.errors import BadData
from tunesmith.data import _readable
from tunesmith.data._readable import readable

TEXT = "Où est ma commande ?\nElle est déjà expédiée.\n" * 40


def write(folder: Path, content: bytes) -> Path:
    file = folder / "rows.txt"
    file.write_bytes(content)
    return file


def test_a_file_in_utf8_is_read_where_it_is(tmp_path: Path) -> None:
    file = write(tmp_path, TEXT.encode())
    assert readable(file, tmp_path) == (file, None, ())


def test_a_byte_order_mark_is_told(tmp_path: Path) -> None:
    file = write(tmp_path, b"\xef\xbb\xbfx\n")
    assert readable(file, tmp_path) == (file, None, ("byte order mark left out",))


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("encoding", ["UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE"])
def test_a_file_of_wide_characters_is_copied_as_utf8(
    tmp_path: Path, encoding: str, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_readable, "CHUNK_BYTES", 7)  # characters are cut between chunks
    file = write(tmp_path, f"{mark}{TEXT}".encode(encoding))
    found = readable(file, tmp_path)
    assert found.path.read_bytes() == TEXT.encode()
    assert found.mended == (f"decoded from {encoding}",)
    assert file.read_bytes() == f"{mark}{TEXT}".encode(encoding)


def test_a_damaged_file_of_wide_characters_is_an_error(tmp_path: Path) -> None:
    content = "\ufeffabc".encode("utf-16-le") + b"\x00\xd8" + "abc".encode("utf-16-le")
    with pytest.raises(BadData, match=r"rows.txt is damaged: it is not UTF-16LE between byte 0 and byte"):
        readable(write(tmp_path, content), tmp_path)
    with pytest.raises(BadData, match=r"is damaged"):
        readable(write(tmp_path, "\ufeffabc".encode("utf-16-le") + b"\x00"), tmp_path)


def test_carriage_returns_alone_become_line_feeds(tmp_path: Path) -> None:
    found = readable(write(tmp_path, b"one\rtwo\r"), tmp_path)
    assert found.path.read_bytes() == b"one\ntwo\n"
    assert found.mended == ("line feeds written for carriage returns",)


@pytest.mark.parametrize("content", [b"one\r\ntwo\r\n", b"one\rtwo\nthree", b"one\n"])
def test_other_line_ends_stay(tmp_path: Path, content: bytes) -> None:
    assert readable(write(tmp_path, content), tmp_path).path.read_bytes() == content


@pytest.mark.parametrize(("encoding", "codec"), [("latin-1", "CP1252"), ("utf-8", None)])
def test_the_encoding_is_found_out_from_the_lines_that_are_not_utf8(
    tmp_path: Path, encoding: str, codec: str | None
) -> None:
    content = "世界, 世界\n".encode() * 9000 + TEXT.encode(encoding)
    assert readable(write(tmp_path, content), tmp_path).codec == codec


def test_an_encoding_that_cannot_be_told_is_left_open(tmp_path: Path) -> None:
    assert readable(write(tmp_path, bytes(range(128, 256)) + b"\n"), tmp_path).codec is None
