from itertools import islice

import pytest

from tunesmith.core.errors import BadData, BadOption
from tunesmith.data.source._json_rows import rows


def read(folder, content, key=None):
    (folder / "a.json").write_text(content)
    return list(rows(folder / "a.json", key))


def test_an_array_gives_its_values_with_their_places(tmp_path):
    assert read(tmp_path, '[\n {"a": 1},\n\n 2 , {"b":\n 3}\n]\n') == [
        (2, 3, b'{"a": 1}'),
        (4, 15, b"2"),
        (4, 19, b'{"b":\n 3}'),
    ]


def test_an_object_gives_its_only_array_of_objects(tmp_path):
    content = '{"version": "[{", "tags": ["a"], "data": [\n{"a": [{}]}], "more": {"rows": [{}]}, "none": []}'
    assert read(tmp_path, content) == [(2, 43, b'{"a": [{}]}')]


def test_the_key_chooses_among_arrays(tmp_path):
    content = '{"one": [{"a": 1}], "two": [{"b": 2}], "text": "x"}'
    with pytest.raises(
        BadData, match=r"several arrays of rows: 'one', 'two'\. Choose one with data\.source\.rows"
    ):
        read(tmp_path, content)
    assert [value.content for value in read(tmp_path, content, "two")] == [b'{"b": 2}']
    with pytest.raises(BadOption, match=r"no array 'text'\..*Known: one, two"):
        read(tmp_path, content, "text")
    with pytest.raises(BadOption, match=r"is an array, without keys"):
        read(tmp_path, "[{}]", "one")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "holds an array without rows"),
        ("{}", "an object without an array of rows"),
        ('{"id1": {"a": 1}, "id2": {"a": 2}}', "an object without an array of rows"),
        ('{"a": 1}\n{"a": 2}\n', r"one object after the other\. Read it with data\.source\.name=jsonl"),
        ('{"messages": [{"role": "user"}]}\n{"messages": []}\n', r"Read it with data\.source\.name=jsonl"),
        ('{"a": [{}]} x', r"a\.json:1 \(byte 12\): something follows the object, found x"),
        ('{"a": [{}], "a": [{}]}', "two arrays with the same key"),
        ('{"a": [{}]', r"\(byte 10\): a comma or } is missing\."),
        ('{"a" [{}]}', r"\(byte 5\): a colon is missing, found \[{}\]}"),
        ("{a: [{}]}", r"\(byte 1\): a key in double quotes is missing, found a"),
        ('{"a": [{}],}', r"\(byte 11\): a key in double quotes is missing, found }"),
        ('{"a": [{}], "\\x": 1}', r"\(byte 12\): a key cannot be read"),
        ("text", r"\(byte 0\): the file does not begin with \[ or {, found text"),
        ('"text"', r"does not begin with"),
        (" \n ", r"a\.json:2 \(byte 3\): the file does not begin with \[ or {\. "),
        ("", "is empty"),
    ],
)
def test_a_file_without_rows_says_what_it_holds_and_what_to_do(tmp_path, content, message):
    with pytest.raises(BadData, match=message):
        read(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "good", "message"),
    [
        ('[{"a": 1} {"a": 2}]', 1, r"a\.json:1 \(byte 10\): a comma is missing, found {\"a\": 2}"),
        ('[{"a": 1},\n{"a": 2}', 2, r"a\.json:2 \(byte 19\): the file ends before its array does"),
        ('[{"a": 1},\n{"a": ', 1, r"a\.json:2 \(byte 11\): a bracket or quote is opened and never closed"),
        ('[{"a": 1}, {"a": "x}]', 1, r"\(byte 11\): a bracket or quote is opened and never closed"),
        ('[{"a": 1}]\n[{"a": 2}]', 1, r"a\.json:2 \(byte 11\): something follows the array"),
    ],
)
def test_where_the_rest_cannot_be_told_apart_reading_ends_with_an_error(tmp_path, content, good, message):
    (tmp_path / "a.json").write_text(content)
    reading = rows(tmp_path / "a.json", None)
    assert len(list(islice(reading, good))) == good
    with pytest.raises(BadData, match=message):
        next(reading)
