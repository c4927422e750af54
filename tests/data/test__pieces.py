from pathlib import Path

import pytest

from tunesmith.core.errors import BadData
from tunesmith.data._pieces import BLANK, Piece, cleaned, csv_pieces, text_pieces

HEADER = b"prompt,completion\n"


def write(folder: Path, content: bytes) -> Path:
    file = folder / "rows.csv"
    file.write_bytes(content)
    return file


def after_header(folder: Path, content: bytes, codec: str | None = None) -> list[Piece]:
    header, *pieces = csv_pieces(write(folder, HEADER + content), codec, ",")
    assert header == Piece(1, 0, [HEADER])
    return pieces


@pytest.mark.parametrize(
    ("content", "codec", "clean", "told"),
    [
        (b"plain\n", None, b"plain\n", ()),
        (b"pl\0ain\0\n", None, b"plain\n", ("NUL bytes left out",)),
        (b"caf\xe9", "CP1252", "café".encode(), ("decoded from CP1252",)),
        (b"caf\xe9\0", "CP1252", "café".encode(), ("NUL bytes left out", "decoded from CP1252")),
        (b"caf\xe9", None, b"caf\xe9", ()),
        (b"\x81", "CP1252", b"\x81", ()),
        ("é".encode(), "CP1252", "é".encode(), ()),
    ],
)
def test_content_is_cleaned_where_it_can_be(
    content: bytes, codec: str | None, clean: bytes, told: tuple[str, ...]
) -> None:
    assert cleaned(content, codec) == (clean, told)


def test_a_clean_record_stays_as_it_is(tmp_path: Path) -> None:
    content = [b'a,"b\r\nc"\r\n', b'"say ""hi""", d\n', b"e,f"]
    pieces = after_header(tmp_path, b"".join(content))
    assert [piece.rows for piece in pieces] == [[row] for row in content]
    assert not any(piece.mended for piece in pieces)
    assert [piece.line for piece in pieces] == [2, 4, 5]


@pytest.mark.parametrize(
    ("content", "row", "told"),
    [
        (b'5" pipe,b\r\n', b'"5"" pipe",b\r\n', "a field with a quote put in quotes"),
        (b'a, "b"\n', b"a,b\n", "a field with a quote put in quotes"),
        (b'a, "b, c"', b'a,"b, c"', "a field with a quote put in quotes"),
        (b"a,b, ,\n", b"a,b\n", "empty fields behind the last column left out"),
        (b"a\0,b\n", b"a,b\n", "NUL bytes left out"),
        (b'"a\0\nb","c\rd"\n', b'"a\nb","c\rd"\n', "NUL bytes left out"),
        (b"caf\xe9,b\n", "café,b\n".encode(), "decoded from CP1252"),
        (b"a,b\n\r\n\n", b"a,b\n", BLANK),
        (b"a,b\r\r\n", b"a,b\r\n", BLANK),
    ],
)
def test_a_record_is_mended_and_told(tmp_path: Path, content: bytes, row: bytes, told: str) -> None:
    assert after_header(tmp_path, content, "CP1252") == [Piece(2, len(HEADER), [row], (told,))]


def test_a_line_of_spaces_holds_no_row(tmp_path: Path) -> None:
    assert after_header(tmp_path, b"  \na,b\n") == [Piece(2, 18, [], (BLANK,)), Piece(3, 21, [b"a,b\n"])]


def test_a_line_of_nul_bytes_holds_no_row(tmp_path: Path) -> None:
    piece, _ = after_header(tmp_path, b"\0\0\na,b\n")
    assert (piece.rows, piece.mended) == ([], ("NUL bytes left out",))


def test_a_field_too_many_that_is_not_empty_stays_for_the_reader_to_refuse(tmp_path: Path) -> None:
    assert after_header(tmp_path, b"a,b,c\n") == [Piece(2, len(HEADER), [b"a,b,c\n"])]


def test_a_header_that_cannot_be_mended_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"the header, line 2, cannot be mended: not UTF-8"):
        list(csv_pieces(write(tmp_path, b"\nprompt,\xff\n"), None, ","))


def test_the_header_is_mended_like_any_record(tmp_path: Path) -> None:
    header, row = csv_pieces(write(tmp_path, b"fran\xe7ais,b\0\nc,d,\n"), "CP1252", ",")
    assert header.rows == ["français,b\n".encode()]
    assert row.rows == [b"c,d\n"]


def test_blank_lines_before_the_header_are_told(tmp_path: Path) -> None:
    header, _ = csv_pieces(write(tmp_path, b"\n\r\n" + HEADER + b"a,b\n"), None, ",")
    assert header == Piece(3, 3, [HEADER], (BLANK,))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'"a,b\n', "unclosed quote: "),
        (b'"say "hi" now",b\n', "text after a closing quote: "),
        (b'5" pipe\n', "quote inside an unquoted field: "),
        (b"caf\xe9,b\n", "not UTF-8: byte 0xe9"),
        (b"a\rb,c\n", "not valid CSV: a carriage return"),
    ],
)
def test_a_record_that_is_in_doubt_is_not_mended(tmp_path: Path, content: bytes, why: str) -> None:
    broken, good = after_header(tmp_path, content + b"c,d\n")
    assert broken.rows is None
    assert broken.why.startswith(why)
    assert good.rows == [b"c,d\n"]
    assert good.byte == len(HEADER + content)


def test_a_text_keeps_its_blank_lines_and_line_ends(tmp_path: Path) -> None:
    file = write(tmp_path, b"\xef\xbb\xbfone\r\n\n  \nt\0wo\n\xff")
    assert list(text_pieces(file, None)) == [
        Piece(1, 3, [b"one\r\n"]),
        Piece(2, 8, [b"\n"]),
        Piece(3, 9, [b"  \n"]),
        Piece(4, 12, [b"two\n"], ("NUL bytes left out",)),
        Piece(5, 17, None, (), r"not UTF-8: byte 0xff at byte 0 of the row: \xff"),
    ]
