from io import BytesIO

import pytest

from tunesmith.data.source._records import Record, records
from tunesmith.data.source._refused import Refused


def test_a_record_is_placed_at_its_first_line_whatever_the_line_ends():
    content = b'a,"x\r\ny"\r\n\r\n"q ""1""",\n\nz,\xc3\xa9'
    assert list(records(BytesIO(content), ",")) == [
        Record(1, 0, ["a", "x\r\ny"]),
        Record(4, 12, ['q "1"', ""]),
        Record(6, 24, ["z", "é"]),
    ]


def test_places_count_from_where_the_file_stands():
    stream = BytesIO(b"\xef\xbb\xbfa,b\n")
    stream.seek(3)
    assert list(records(stream, ",")) == [Record(1, 3, ["a", "b"])]


def test_a_broken_record_gives_its_other_lines_back():
    first, *rest = records(BytesIO(b'"a,b\nc,d\n"e",f\n'), ",")
    assert isinstance(first.fields, Refused)
    assert first.fields.reason == "text after a closing quote"
    assert first.fields.found == 'to line 3: "a,b'
    assert rest == [Record(2, 5, ["c", "d"]), Record(3, 9, ["e", "f"])]


def test_bytes_that_are_not_utf8_do_not_move_the_end_of_their_record():
    first, second = records(BytesIO(b'"a\n\xff\nb",c\nd,e\n'), ",")
    assert isinstance(first.fields, Refused)
    assert first.fields.reason == "not UTF-8"
    assert second == Record(4, 10, ["d", "e"])


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b'{"prompt": "p", "completion": "c"}\n', "JSON: "),
        (b"[{\n", "JSON: [{"),
        (b"<!DOCTYPE html>\n", "an HTML page: <!DOCTYPE html>"),
        (b"  <HTML>\n", "an HTML page: <HTML>"),
        (b'<?xml version="1.0"?>\n', "XML: "),
    ],
)
def test_a_file_of_another_form_is_recognised_by_its_first_line(line: bytes, found: str) -> None:
    first = next(records(BytesIO(line + b"a,b\n"), ","))
    assert isinstance(first.fields, Refused)
    assert first.fields.reason == "not CSV"
    assert first.fields.found.startswith(found)


def test_only_the_first_line_shows_the_form_of_a_file() -> None:
    assert [found.fields for found in records(BytesIO(b"a,b\n<html>,{\n"), ",")] == [
        ["a", "b"],
        ["<html>", "{"],
    ]


def test_a_carriage_return_outside_of_quotes_is_named() -> None:
    first, second = records(BytesIO(b"a\rb,c\nd,e\n"), ",")
    assert isinstance(first.fields, Refused)
    assert first.fields.found == r"a carriage return outside of quotes: a\rb,c"
    assert second.fields == ["d", "e"]
