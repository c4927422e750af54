import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.data.source._refused import Refused
from tunesmith.data.source._strict_json import DEPTH, parse_object

leaves = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


@settings(max_examples=50)
@given(st.dictionaries(st.text(), values), st.booleans())
def test_it_reads_what_the_standard_library_writes(row, escape):
    text = json.dumps(row, ensure_ascii=escape)
    assert parse_object(text.encode("utf-8", "surrogatepass")) == row


@pytest.mark.parametrize(("depth", "fits"), [(DEPTH, True), (DEPTH + 1, False)])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"b":', b"}")])
def test_depth_is_limited_exactly(depth, fits, opening, closing):
    content = b'{"a":' + opening * (depth - 1) + b"1" * (opening != b"[") + closing * (depth - 1) + b"}"
    if fits:
        assert parse_object(content)
    else:
        with pytest.raises(Refused, match="nested too deeply"):
            parse_object(content)


def test_many_brackets_side_by_side_are_not_deep():
    assert len(parse_object(b'{"a": [' + b"[]," * 100 + b"[]]}")["a"]) == 101


def test_an_error_shows_its_cause_its_column_and_surroundings():
    with pytest.raises(Refused) as caught:
        parse_object(b'{"prompt": "p", "completion": nope}')
    assert caught.value.reason == "not valid JSON"
    assert caught.value.found == 'a value without quotes: nope, column 31:  "p", "completion": nope}'


def test_an_error_at_the_end_of_the_line_has_its_column_too():
    with pytest.raises(Refused) as caught:
        parse_object(b'{"prompt":\r\n')
    assert caught.value.found == 'a row that is not closed, column 11: {"prompt":'


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"\0\0\0\n", "3 of them, and nothing else"),
        (b'{"a": "\0"}\n', "at byte 7 of the line"),
        (b'{"a": "\0\0"}\n', "2 of them, the first at byte 7 of the line"),
    ],
)
def test_nul_bytes_are_counted_and_placed(content, found):
    with pytest.raises(Refused) as caught:
        parse_object(content)
    assert (caught.value.reason, caught.value.found) == ("NUL character", found)


def test_what_is_no_object_is_shown_as_it_stands():
    with pytest.raises(Refused) as caught:
        parse_object(b' [{"a": null}]\n')
    assert (caught.value.reason, caught.value.found) == ("not a JSON object", 'a list: [{"a": null}]')


def test_the_doubled_key_is_named():
    with pytest.raises(Refused) as caught:
        parse_object(b'{"a": {"b": 1, "c": 2, "c": 3}}')
    assert (caught.value.reason, caught.value.found) == ("duplicate key", "'c'")
