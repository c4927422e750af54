import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.data.source._json_faults import AFTER, BEFORE, fault
from tunesmith.data.source._refused import Refused

CAUSES = {
    '{"a":1,}': ("a comma behind the last item", 7),
    '{"a":[1, ]}': ("a comma behind the last item", 8),
    '{"a":1,,"b":2}': ("a comma too many", 8),
    '{,"a":1}': ("a comma too many", 2),
    '{"a":1},': ("a comma behind the row", 8),
    '{"a":}': ("a value is missing", 6),
    '{"a":1, :2}': ("a key is missing", 9),
    '{"a" 1}': ("a colon is missing", 6),
    '{"a"=1}': ("an equals sign", 5),
    '{"a":1 "b":2}': ("a comma is missing", 8),
    '{"a":"x" "b":2}': ("a comma is missing", 10),
    '{"a":[{} {}]}': ("a comma is missing", 10),
    '{"a":[1 2]}': ("a comma is missing", 9),
    '{"a":1;"b":2}': ("a comma is missing", 7),
    '{"a":1]': ("a bracket of the wrong kind: ]", 7),
    '{"a":1}}': ("a bracket that nothing opens: }", 8),
    '{"a":1}]': ("a bracket that nothing opens: ]", 8),
    "{'a':1}": ("single quotes", 2),
    "{\"a\":'x'}": ("single quotes", 6),
    "{\u201ca\u201d:1}": ("a typographic quote: \u201c", 2),
    '{"a":\u00abx\u00bb}': ("a typographic quote: \u00ab", 6),
    "{a:1}": ("a key without quotes: a", 2),
    "{1:2}": ("a key that is not a text", 2),
    '{"a":hello}': ("a value without quotes: hello", 6),
    '{"a":None}': ("None, as Python writes it", 6),
    '{"a":[True]}': ("True, as Python writes it", 7),
    '{"a":u"x"}': ("a Python text", 6),
    '{"a":undefined}': ("undefined, which JSON does not have", 6),
    '{"a":nan}': ("nan, which JSON does not have", 6),
    '{"a":01}': ("a number that JSON does not know", 7),
    '{"a":1.}': ("a number that JSON does not know", 7),
    '{"a":.5}': ("a number that JSON does not know", 6),
    '{"a":+1}': ("a number that JSON does not know", 6),
    '{"a":-}': ("a number that JSON does not know", 6),
    '{"a":1e}': ("a number that JSON does not know", 7),
    '{"a":0x1}': ("a number that JSON does not know", 7),
    '{"a":"say "hi" now"}': ("a quote inside a text, or a comma is missing", 12),
    '{"a":"x': ("a text that is not closed", 6),
    '{"a":"x\\"}': ("a text that is not closed", 6),
    '{"a":"x\n': ("a text that is not closed", 8),
    '{"a":"x"': ("a row that is not closed", 9),
    '{"a":{"b":1}': ("a row that is not closed", 13),
    '{"a":"b",': ("a row that is not closed", 10),
    "{": ("a row that is written over several lines", 1),
    "  },": ("a row that is written over several lines", 3),
    '  "a": 1,': ("a piece of a row that is written over several lines", 3),
    "[": ("an array of rows that is written over several lines", 1),
    '[{"a":1},': ("an array of rows that goes on on the next line", 1),
    '{"a":1} {"b":2}': ("several rows on one line", 9),
    '{"a":1},{"b":2}': ("several rows on one line", 8),
    '{"a":1}\r{"b":2}': ("rows that end in a carriage return alone", 1),
    '{"a":1} and more': ("something behind the row", 9),
    '{"a":1} // c': ("a comment", 9),
    '{"a":1, /* c */ "b":2}': ("a comment", 9),
    "# c": ("a comment", 1),
    '{"a":"\t"}': (r"an unescaped control character: \t", 7),
    '{"a":"\\x"}': ("an escape that JSON does not know: \\x", 7),
    '{"a":"\\u12"}': ("an escape that JSON does not know: \\u12", 7),
    '{"a":"C:\\Users"}': ("an escape that JSON does not know: \\U", 9),
    '\ufeff{"a":1}': ("a byte order mark inside the file", 1),
    '{"a":\u00a01}': (r"an invisible character: \xa0", 6),
    '{"a":1}\u2028': (r"an invisible character: \u2028", 8),
    "<!doctype html>": ("an HTML page", 1),
    "<?xml version='1.0'?>": ("XML", 1),
    "data: {}": ("an event of a stream", 1),
    "prompt,completion": ("no JSON", 1),
    "- a: b": ("no JSON", 1),
    "1,2": ("no JSON object", 2),
    "(1)": ("no JSON", 1),
}


def found_in(text: str) -> Refused:
    """Have Python's parser fail on a text, and say why."""
    with pytest.raises(json.JSONDecodeError) as caught:
        json.JSONDecoder().decode(text)
    return fault(text, caught.value)


@pytest.mark.parametrize("text", CAUSES)
def test_a_cause_is_named_with_its_column(text: str) -> None:
    cause, column = CAUSES[text]
    refused = found_in(text)
    assert refused.reason == "not valid JSON"
    assert refused.found.startswith(f"{cause}, column {column}: ")
    assert refused.remedy.endswith(".")


def test_the_causes_are_many() -> None:
    assert len({cause for cause, _ in CAUSES.values()}) >= 45


def test_the_surroundings_are_shown_and_no_more() -> None:
    refused = found_in('{"a": "' + "x" * 500 + '", "b": nope, "c": "' + "y" * 500 + '"}')
    shown = refused.found.removeprefix("a value without quotes: nope, column 516: ")
    assert shown == 'xxxxxxxxxxxx", "b": nope, "c": "yyyyyyyyyyyyy'
    assert len(shown) == BEFORE + AFTER


def test_a_row_over_several_lines_has_its_line_too() -> None:
    assert found_in('{"a": 1,\n  "b": nope}').found.startswith(
        "a value without quotes: nope, line 2 of the row, column 8: "
    )


pieces = st.sampled_from(
    [
        *"{}[]:,\"\\'#/.-+eE01 \t\r\n",
        "\ufeff",
        "\u201c",
        "\u2028",
        "null",
        "None",
        '"a"',
        '"a": 1',
        "{}",
        "\\u",
        "é",
    ]
)


@given(st.lists(pieces | st.text(max_size=3), max_size=12).map("".join))
def test_every_fault_has_a_cause_and_can_be_shown(text: str) -> None:
    try:
        json.JSONDecoder().decode(text)
    except json.JSONDecodeError as error:
        refused = fault(text, error)
        assert refused.found.isprintable()
        assert ", column " in refused.found or "line " in refused.found
