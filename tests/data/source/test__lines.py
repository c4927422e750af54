import os
from io import BytesIO

import pytest

from tunesmith.core.errors import BadData
from tunesmith.data.source._lines import (
    BLOCK_BYTES,
    LINE_BYTES,
    Line,
    blocks,
    check_length,
    decode,
    lines,
    opened,
)
from tunesmith.data.source._refused import Refused

TEXT = '{"text": "Grüße, 世界"}\n'


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_wide_encodings_are_recognised_with_and_without_a_mark(tmp_path, encoding):
    file = tmp_path / "wide.jsonl"
    file.write_text(TEXT, encoding=encoding)
    with (
        pytest.raises(BadData, match=rf"wide.jsonl looks like {encoding[:6].upper()}. Save it as UTF-8."),
        opened(file),
    ):
        pass


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\xff\xfea\0", "UTF-16"),
        (b"\xfe\xff\0a", "UTF-16"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"PK\x03\x04", "Excel"),
        (b"PAR1", "Parquet"),
    ],
)
def test_other_kinds_of_files_are_recognised(tmp_path, head, name):
    file = tmp_path / "other.csv"
    file.write_bytes(head + b"....")
    with pytest.raises(BadData, match=name), opened(file):
        pass


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf"])
def test_an_empty_file_is_an_error(tmp_path, content):
    file = tmp_path / "empty.jsonl"
    file.write_bytes(content)
    with pytest.raises(BadData, match=r"empty.jsonl is empty. Put at least one row into it."), opened(file):
        pass


def test_a_file_of_one_character_is_read(tmp_path):
    file = tmp_path / "one.txt"
    file.write_bytes(b"x")
    with opened(file) as stream:
        assert list(lines(stream)) == [Line(1, 0, b"x")]


def test_a_missing_file_is_answered_with_near_names(tmp_path):
    (tmp_path / "products.jsonl").write_text(TEXT)
    (tmp_path / "other.csv").write_text(TEXT)
    with pytest.raises(BadData, match=r"no file .*product.jsonl. Did you mean products.jsonl\?"):
        opened(tmp_path / "product.jsonl").__enter__()
    with pytest.raises(BadData, match=r"The folder .* holds other.csv, products.jsonl."):
        opened(tmp_path / "zzz").__enter__()
    with pytest.raises(BadData, match=r"nor a folder"):
        opened(tmp_path / "no" / "rows.jsonl").__enter__()


def test_what_is_not_a_regular_file_is_an_error(tmp_path):
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadData, match="not a regular file"):
        opened(tmp_path / "pipe.jsonl").__enter__()
    with pytest.raises(BadData, match=r"is a folder. Give one file. The folder .* holds no files."):
        opened(tmp_path / "folder").__enter__()
    with pytest.raises(BadData, match=r"cannot be read: File name too long"):
        opened(tmp_path / ("x" * 300)).__enter__()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_an_error(tmp_path):
    file = tmp_path / "secret.jsonl"
    file.write_text(TEXT)
    file.chmod(0)
    with pytest.raises(BadData, match="Permission denied"):
        opened(file).__enter__()


def test_lines_have_their_absolute_places():
    stream = BytesIO(b"a\r\n\nlast")
    assert list(lines(stream)) == [Line(1, 0, b"a\r\n"), Line(2, 3, b"\n"), Line(3, 4, b"last")]


@pytest.mark.parametrize("extra", [1, 2, LINE_BYTES, LINE_BYTES + 1])
def test_a_line_that_is_too_long_does_not_move_the_next(extra):
    long = b"x" * (LINE_BYTES + extra - 1) + b"\n"
    first, second = lines(BytesIO(long + b"next\n"))
    assert second == Line(2, len(long), b"next\n")
    assert len(first.content) == LINE_BYTES + 1
    with pytest.raises(Refused, match="line too long"):
        check_length(first.content)


def test_the_longest_line_allowed_is_whole():
    (line,) = lines(BytesIO(b"x" * (LINE_BYTES - 1) + b"\n"))
    check_length(line.content)


@pytest.mark.parametrize(
    ("content", "found", "guess"),
    [
        (b"caf\xe9 au lait", r"byte 0xe9 at byte 3 of the row: caf\xe9 au lait", "Latin-1"),
        (b"caf\xe9", r"byte 0xe9 at byte 3 of the row: caf\xe9", "Latin-1"),
        (b"\xc4\xe3\xba\xc3", r"byte 0xc4 at byte 0 of the row: \xc4\xe3\xba\xc3", "GBK"),
        (b"a\xf4\x90b", r"byte 0xf4 at byte 1 of the row: a\xf4\x90b", "another encoding, or damaged"),
        (
            "Grüße ".encode() + b"\xff \xc3\xbc",
            r"byte 0xff at byte 8 of the row: Grüße \xff ü",
            "are damaged",
        ),
        ("世界 ".encode() + b"\xe7", r"byte 0xe7 at byte 7 of the row: 世界 \xe7", "cut inside a character"),
    ],
)
def test_what_is_not_utf8_is_located_and_guessed_at(content, found, guess):
    with pytest.raises(Refused) as caught:
        decode(content)
    assert caught.value.found == found
    assert guess in caught.value.remedy


def test_a_long_line_with_carriage_returns_may_be_many() -> None:
    with pytest.raises(Refused) as caught:
        check_length(b"row\r" * LINE_BYTES)
    assert "may be carriage returns alone" in caught.value.remedy


@pytest.mark.parametrize("size", [1, 7, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 5 * BLOCK_BYTES])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_blocks_end_with_a_line_and_leave_nothing_out(size: int, end: bytes) -> None:
    line = b"x" * (size - 1) + b"\n"
    content = line * (3 * BLOCK_BYTES // size + 2) + b"last" + end
    found = list(blocks(BytesIO(content)))
    assert b"".join(block for _, block in found) == content
    assert all(block.endswith(b"\n") for _, block in found[:-1])
    assert [byte for byte, _ in found] == [
        sum(len(block) for _, block in found[:number]) for number in range(len(found))
    ]


def test_blocks_are_counted_from_where_the_file_stands() -> None:
    stream = BytesIO(b"head\nrow\n")
    stream.seek(5)
    assert list(blocks(stream)) == [(5, b"row\n")]


@pytest.mark.parametrize("extra", [2, LINE_BYTES, 3 * LINE_BYTES])
def test_a_line_that_is_too_long_is_cut_in_its_block_and_does_not_move_the_next(extra: int) -> None:
    long = b"x" * (LINE_BYTES + BLOCK_BYTES + extra) + b"\n"
    first, second = blocks(BytesIO(long + b"next\n"))
    assert LINE_BYTES < len(first[1]) <= LINE_BYTES + BLOCK_BYTES + 1
    assert second == (len(long), b"next\n")
