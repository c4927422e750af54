from pathlib import Path

import pytest

from tunesmith.data import _json_pieces
from tunesmith.data._json_pieces import json_pieces
from tunesmith.data._pieces import BLANK, Piece

ROW = b'{"a": 1}\n'


def pieces(folder: Path, content: bytes, codec: str | None = None) -> list[Piece]:
    file = folder / "rows.jsonl"
    file.write_bytes(content)
    return list(json_pieces(file, codec))


def rows(folder: Path, content: bytes) -> list[bytes]:
    return [row for piece in pieces(folder, content) for row in piece.rows or ()]


def refused(folder: Path, content: bytes) -> list[int]:
    return [piece.line for piece in pieces(folder, content) if piece.rows is None]


@pytest.mark.parametrize("row", [ROW, b' {"a" : 1}\t\r\n', b'{"a": "\\ud83d\\ude00 \\\\u0000"}\n', b"{}"])
def test_a_clean_line_stays_as_it_is(tmp_path: Path, row: bytes) -> None:
    assert pieces(tmp_path, ROW + row) == [Piece(1, 0, [ROW]), Piece(2, 9, [row])]


@pytest.mark.parametrize(
    ("line", "row", "told"),
    [
        (b'{"a": 1,}\r\n', ROW, "a comma behind the last item left out"),
        (b'{"a": "x\\u0000"}\n', b'{"a": "x"}\n', "NUL characters left out"),
        (b'{"a": "\\ud83d"}\n', b'{"a": "\\ufffd"}\n', "half of a surrogate pair made U+FFFD"),
        (b'{"a": "\0"}\n', b'{"a": ""}\n', "NUL bytes left out"),
        (b'{"a": "\xe9"}\n', '{"a": "é"}\n'.encode(), "decoded from CP1252"),
        (b"{'a': '\xe9'}\n", '{"a": "é"}\n'.encode(), "decoded from CP1252, other quotes made double quotes"),
    ],
)
def test_a_line_is_mended_and_told(tmp_path: Path, line: bytes, row: bytes, told: str) -> None:
    (piece,) = pieces(tmp_path, line, "CP1252")
    assert (piece.rows, ", ".join(piece.mended)) == ([row], told)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'{"a": 1, "a": 2}\n', "duplicate key: 'a'"),
        (b'{"a": "say "hi" now"}\n', "not valid JSON: a text without quotes: hi"),
        (b'{"a": "x\n', "not valid JSON: a text that is not closed"),
        (b'{"a": "\xff\xfe"}\n', "not UTF-8: byte 0xff"),
        (b"hello\n", "not valid JSON: a text without quotes: hello"),
        (b"[1, 2]\n", "not valid JSON: no object: 1"),
        (b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}\n", "nested too deeply"),
    ],
)
def test_a_line_in_doubt_is_not_mended_and_costs_no_other(tmp_path: Path, line: bytes, why: str) -> None:
    first, piece, last = pieces(tmp_path, ROW + line + ROW)
    assert piece.rows is None
    assert piece.why.startswith(why)
    assert (piece.line, piece.byte) == (2, len(ROW))
    assert (first.rows, last.rows) == ([ROW], [ROW])


def test_blank_lines_hold_no_row(tmp_path: Path) -> None:
    assert pieces(tmp_path, b"\n" + ROW + b" \r\n") == [
        Piece(1, 0, [], (BLANK,)),
        Piece(2, 1, [ROW]),
        Piece(3, 10, [], (BLANK,)),
    ]


LAYOUTS = {
    "an array on one line": b'[{"a": 1}, {"a": 1}]',
    "an array with a row per line": b'[\n{"a": 1},\n{"a": 1}\n]\n',
    "an array that begins on the first row's line": b'[{"a": 1},\n {"a": 1}]',
    "an array over many lines": b'[\n  {\n    "a": 1\n  },\n  {\n    "a": 1\n  }\n]\n',
    "objects over many lines": b'{\n  "a": 1\n}\n{\n  "a": 1\n}\n',
    "objects over many lines without indent": b'{\n"a": 1\n}\n{\n"a": 1\n}\n',
    "objects with objects, over many lines": b'{\n  "a":\n  {\n    "b": [\n      {\n      }\n    ]\n  }\n}',
    "objects side by side": b'{"a": 1}{"a": 1}\n',
    "objects after one another, over lines": b'{"a":\n 1} {"a":\n 1}\n',
    "an array with a comma behind the last row": b'[\n{"a": 1},\n{"a": 1},\n]\n',
    "an array of Python": b"[{'a': 1}, {'a': 1}]\n",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_rows_are_found_however_they_are_laid_out(tmp_path: Path, layout: str) -> None:
    found = rows(tmp_path, LAYOUTS[layout])
    expected = [b'{"a":1}'] * 2 if b'"b"' not in LAYOUTS[layout] else [b'{"a":{"b":[{}]}}']
    assert [b"".join(row.split()) for row in found] == expected
    assert all(row.count(b"\n") == 1 and row.endswith(b"\n") for row in found)
    assert not refused(tmp_path, LAYOUTS[layout])


def test_a_text_with_a_line_break_is_one_row(tmp_path: Path) -> None:
    assert rows(tmp_path, b'{"a": "one\ntwo"}\n' + ROW) == [b'{"a": "one\\ntwo"}\n', ROW]


def test_objects_inside_of_an_object_over_lines_are_no_rows(tmp_path: Path) -> None:
    content = b'{\n"m": [\n{"a": 1},\n{"b": 2}\n]\n}\n'
    assert rows(tmp_path, content) == [b'{"m": [{"a": 1}, {"b": 2}]}\n']


def test_an_object_that_is_cut_off_ends_where_a_row_begins(tmp_path: Path) -> None:
    content = b'{\n  "a": 1,\n' + ROW + b'{"a": "cut\n' + ROW
    assert rows(tmp_path, content) == [ROW, ROW]
    assert refused(tmp_path, content) == [1, 2, 4]


def test_an_indented_object_that_is_cut_off_ends_where_the_next_begins(tmp_path: Path) -> None:
    content = b'[\n  {\n    "a": "x\n  },\n  {\n    "a": 1\n  }\n]\n'
    assert rows(tmp_path, content) == [ROW]
    assert refused(tmp_path, content) == [2, 3, 4]


def test_parts_of_an_object_that_is_never_closed_are_no_rows(tmp_path: Path) -> None:
    content = b'{\n  "m": [\n    {"a": 1},\n    {"b": 2},\n'
    assert rows(tmp_path, content) == []
    assert refused(tmp_path, content) == [1, 2, 3, 4]


def test_a_line_that_cannot_be_decoded_ends_an_object_that_is_not_closed(tmp_path: Path) -> None:
    content = b'{\n  "a": 1,\n  "b": "\xff\xfe"\n}\n' + ROW
    assert rows(tmp_path, content) == [ROW]
    assert refused(tmp_path, content) == [1, 2, 3, 4]


def test_a_good_row_is_not_taken_for_the_rest_of_a_text(tmp_path: Path) -> None:
    content = b"{'a': 'cut\n" + ROW + b"'}\n"
    assert rows(tmp_path, content) == [ROW]
    assert refused(tmp_path, content) == [1, 3]


def test_an_object_behind_its_key_is_no_row(tmp_path: Path) -> None:
    assert rows(tmp_path, b'{"x":\n\n{"a": 1}\n}\n') == [b'{"x": {"a": 1}}\n']


def test_an_array_is_not_gathered_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_json_pieces, "LINE_BYTES", 100)
    content = b'[{"a": 1},\n' + b'{"a": 1},\n' * 20 + b'{"a": 1}]\n'
    assert rows(tmp_path, content) == [ROW] * 22
    assert refused(tmp_path, content) == []


def test_lines_are_not_gathered_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_json_pieces, "LINE_BYTES", 100)
    content = b'{"a": [\n' + b"1,\n" * 50 + ROW
    found = pieces(tmp_path, content)
    assert [piece.rows for piece in found if piece.rows is not None] == [[ROW]]
    assert len(found) == 52
    assert rows(tmp_path, b'{"a": [\n' + b"1,\n" * 50 + b"1]}\n") == []


def test_an_array_on_one_line_that_is_too_long_to_hold_is_read_by_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_json_pieces, "LINE_BYTES", 30)
    content = b'[{"a": 1}, {"a": 1, "b": [1, 2]}, {"a": 1, "a": 2}]'
    first, second, third = pieces(tmp_path, content)
    assert (first.rows, second.rows) == ([ROW], [b'{"a": 1, "b": [1, 2]}\n'])
    assert third.why == "duplicate key: 'a'"
    assert [piece.byte for piece in (first, second, third)] == [1, 11, 34]
