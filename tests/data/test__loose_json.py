import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.data._loose_json import Doubt, rewrite

MENDED = {
    '{"a":1,}': ('{"a":1}', "a comma behind the last item left out"),
    '{"a":[1,2 , ],}': ('{"a":[1,2 ]}', "a comma behind the last item left out"),
    '{"a":1,,"b":2}': ('{"a":1,"b":2}', "a comma too many left out"),
    '{,"a":1}': ('{"a":1}', "a comma too many left out"),
    '{"a":1 "b":2}': ('{"a":1, "b":2}', "a missing comma written"),
    '{"a":[{"b":1} {"c":2}]}': ('{"a":[{"b":1}, {"c":2}]}', "a missing comma written"),
    "{'a': 'it\\'s \"x\"'}": (
        '{"a": "it\'s \\"x\\""}',
        "other quotes made double quotes, a character written as JSON writes it",
    ),
    "{'a': u'x'}": ('{"a": "x"}', "other quotes made double quotes"),
    "{\u201ca\u201d: \u201eb\u201c}": ('{"a": "b"}', "other quotes made double quotes"),
    "{\u2018a\u2019: 1}": ('{"a": 1}', "other quotes made double quotes"),
    '{"a": None}': ('{"a": null}', "None made null"),
    '{"a": [True, False]}': ('{"a": [true, false]}', "True made true, False made false"),
    '{"a": NaN}': ('{"a": null}', "NaN made null"),
    '{"a": -Infinity}': ('{"a": null}', "-Infinity made null"),
    '{"a": undefined}': ('{"a": null}', "undefined made null"),
    '{"a": -1e999}': ('{"a": null}', "a number beyond all bounds made null"),
    '{"a": .5, "b": -.5}': ('{"a": 0.5, "b": -0.5}', "a number written as JSON writes it"),
    '{"a": 5., "b": 5.e3}': ('{"a": 5.0, "b": 5.0e3}', "a number written as JSON writes it"),
    '{"a": +1}': ('{"a": 1}', "a number written as JSON writes it"),
    "{a: 1, $b: 2}": ('{"a": 1, "$b": 2}', "a key put in quotes"),
    "{1: 2}": ('{"1": 2}', "a key put in quotes"),
    '{"a": 1} // c': ('{"a": 1}', "a comment left out"),
    '{"a": /* c */ 1}': ('{"a":  1}', "a comment left out"),
    '{"a": 1} # c': ('{"a": 1}', "a comment left out"),
    '{"a": "b\tc\n"}': ('{"a": "b\\tc\\n"}', "a character written as JSON writes it"),
    '{"a": "\x01"}': ('{"a": "\\u0001"}', "a character written as JSON writes it"),
    '{"a": "\\x41\\\'"}': ('{"a": "\\u0041\'"}', "a character written as JSON writes it"),
    '{"a": "b\\u0000c"}': ('{"a": "bc"}', "NUL characters left out"),
    '{"a": "b\\ud83d"}': ('{"a": "b\\ufffd"}', "half of a surrogate pair made U+FFFD"),
    '{"a":\u00a01}\u2028': ('{"a":1}', "a space that JSON does not know left out"),
    '\ufeff{"a": 1}': ('{"a": 1}', "a space that JSON does not know left out"),
    '[{"a": 1}]': ('{"a": 1}', "a row taken out of an array"),
    '{"a": 1},': ('{"a": 1}', "a row taken out of an array"),
    '{"a": 1}}': ('{"a": 1}', "a bracket that nothing opens left out"),
}

DOUBTFUL = [
    '{"a": "say "hi" now"}',
    '{"a": ["x" "y"]}',
    '{"a": "x',
    '{"a": 1',
    '{"a": {"b": 1}',
    '{"a": 1]',
    '{"a": [1}',
    "}",
    '{"a": }',
    '{"a": , "b": 1}',
    '{"a": [,1]}',
    '{"a": [1,,2]}',
    '{"a" 1}',
    '{"a"}',
    '{"a": 1, "b"}',
    '{"a": {1, 2}}',
    '{"a": (1, 2)}',
    '{"a": [1: 2]}',
    '{"a": 01}',
    '{"a": 1_000}',
    '{"a": 0x10}',
    '{"a": hello}',
    "{'a': b'x'}",
    '{"a": "C:\\Users"}',
    '{"a": "\\u12"}',
    "{\u201ca \u201cb\u201d\u201d: 1}",
    "[1, 2]",
    "17",
    "hello",
    "prompt,completion",
    '{"a": 1} and more',
    '{"a": 1; "b": 2}',
    '{{"a": 1}}',
    '{"a": 1 {}}',
]


@pytest.mark.parametrize("text", MENDED)
def test_what_has_one_meaning_is_rewritten_and_told(text: str) -> None:
    row, told = MENDED[text]
    found = rewrite(text)
    assert [one.strip() for one in found.rows] == [row]
    assert ", ".join(found.mended) == told
    assert json.loads(row)


@pytest.mark.parametrize("text", DOUBTFUL)
def test_what_has_two_meanings_is_left_alone(text: str) -> None:
    with pytest.raises(Doubt):
        rewrite(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "\\ud83d\\ude00 \\\\ud83d \\\\u0000 \\/ \\u00e9"}',
        '{"a" :\t[1, -0.5e+3, null,true], "":{}}',
        '{"a": "// no # comment, no \'quotes\', no \u201ccurly\u201d ones, None"}',
        "{}",
    ],
)
def test_what_is_json_stays_as_it_is(text: str) -> None:
    assert rewrite(text) == ([text], ())


def test_an_object_over_several_lines_is_put_on_one() -> None:
    assert rewrite('{\r\n  "a": 1,\n  "b": [\n    2\n  ]\n}\n').rows == ['{"a": 1, "b": [2]}']


def test_rows_side_by_side_are_told_apart() -> None:
    found = rewrite('[{"a": 1}, {"b": {"c": 2}}] {"d": 3}')
    assert found.rows == ['{"a": 1}', '{"b": {"c": 2}}', '{"d": 3}']
    assert found.mended == ("a row taken out of an array", "rows put on lines of their own")


@pytest.mark.parametrize("text", ["[", "]", " , ", "], [", "// c", "# c\n", ""])
def test_what_stands_around_rows_holds_none(text: str) -> None:
    assert rewrite(text).rows == []


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    # What Python writes as \xad or \U000e0001 has no escape in JSON that would be shorter.
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Zs", "Zl", "Zp", "Cn", "Co"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc'\"\\ é", max_size=3), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.text("abc'\"\\ é", max_size=3), values))
def test_what_python_prints_becomes_the_json_of_the_same_value(row: dict[str, object]) -> None:
    (text,) = rewrite(repr(row)).rows
    assert json.loads(text) == row


@given(st.dictionaries(st.text(), values), st.sampled_from([None, 2]), st.booleans())
def test_json_stays_json_of_the_same_value(row: dict[str, object], indent: int | None, escape: bool) -> None:
    written = json.dumps(row, indent=indent, ensure_ascii=escape)
    found = rewrite(written)
    if any("\0" in key or any(map(_is_half, key)) for key in row):
        return
    (text,) = found.rows
    assert json.loads(text) == row


def _is_half(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"
