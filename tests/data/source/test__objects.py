"""No line passes that `parse_object` refuses, and none is refused or read otherwise than by it."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tunesmith.data.source import _lines, _objects
from tunesmith.data.source._lines import LINE_BYTES, lines
from tunesmith.data.source._objects import objects
from tunesmith.data.source._refused import Refused
from tunesmith.data.source._strict_json import DEPTH, parse_object

GOOD = b'{"prompt": "p: q", "completion": "c"}'
BETWEEN = str(_objects._BETWEEN).encode()


def shown(found: object) -> object:
    """Make what was found comparable: numbers by how they are written, so that 1, 1.0 and True differ."""
    return (found.reason, found.found, found.remedy) if isinstance(found, Refused) else repr(found)


def read_quickly(content: bytes) -> list[tuple[int, int, object]]:
    return [(number, byte, shown(found)) for number, byte, found in objects(BytesIO(content))]


def read_slowly(content: bytes) -> list[tuple[int, int, object]]:
    found: list[tuple[int, int, object]] = []
    for number, byte, line in lines(BytesIO(content)):
        if not line.isspace():
            try:
                row: Any = parse_object(line)
            except Refused as refused:
                row = refused
            found.append((number, byte, shown(row)))
    return found


def is_read_at_once(content: bytes) -> bool:
    """Does a block pass as a whole, without a look at its single lines?"""
    return _objects._sound_rows(content, len(content.splitlines())) is not None


BAD = {
    "a key twice": b'{"a": 1, "a": 2}',
    "a key twice, escaped": rb'{"\u0061": 1, "a": 2}',
    "a key twice, far inside": b'{"a": [{"b": [{"c": {"d": 1, "d": 1}}]}]}',
    "an object lost to a key that is there twice": b'{"a": {"b": 1}, "a": 2}',
    "a key twice, with a space before its colon": b'{"a" : 1, "b": 2, "a" : 1}',
    "a key twice, with tabs before its colon": b'{"a"\t\t:1,"a"\t:2}',
    "a key twice, with a wide space": b'{"a"             : 1, "a": 2}',
    "a key twice that ends in a backslash": rb'{"a\\": 1, "a\\": 2}',
    "a key twice, one of which ends in an escaped backslash": rb'{"a\\": 1, "a\u005c": 2}',
    "a key twice, hidden by one that a text seems to hold": rb'{"a": "\":", "a": "\":"}',
    "a key twice in an object that is lost": rb'{"a": {"b\\": 1}, "a": 2}',
    "too deep by one list": b'{"a":' + b"[" * DEPTH + b"]" * DEPTH + b"}",
    "too deep by one object": b'{"a":' * (DEPTH + 1) + b"1" + b"}" * (DEPTH + 1),
    "too deep for any parser": b"[" * 100_000,
    "infinite by its exponent": b'{"a": 1e999}',
    "infinite by a hair": b'{"a": 1.7976931348623159e308}',
    "infinite far inside": b'{"a": [{"b": [-1E+400]}]}',
    "infinite by its digits": b'{"a": 1' + b"0" * 309 + b".5}",
    "infinite behind a wide space": b'{"a"' + b" " * 30 + b": 1e999}",
    "infinite behind two spaces": b'{"a":  1e999}',
    "an integer of too many digits": b'{"a": ' + b"9" * 5000 + b"}",
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": -Infinity}',
    "a NUL byte": b'{"a": "\0"}',
    "a NUL byte behind the row": b'{"a": 1}\0',
    "a control character": b'{"a": "\x1f"}',
    "no UTF-8": b'{"a": "\xff"}',
    "overlong": b'{"a": "\xc0\x80"}',
    "a surrogate": b'{"a": "\xed\xa0\x80"}',
    "a byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "a list": b"[1]",
    "a list of objects": b'[{"a": 1}]',
    "a text": b'"a"',
    "two rows": b'{"a": 1} {"b": 2}',
    "two rows with a comma": b'{"a": 1}, {"b": 2}',
    "two rows with the number between": b'{"a": 1},' + BETWEEN + b',{"b": 2}',
    "an open list": b'{"a": [{}',
    "the end of a list": b"{}]}",
    "an array that ends and begins": b'{"a": 1}], [{"b": 2}',
    "nothing but a comma": b",",
    "a comma behind the row": b'{"a": 1},',
}


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_line_among_good_ones_is_refused_alone_and_in_the_same_words(fault: str) -> None:
    content = (GOOD + b"\n") * 40 + BAD[fault] + b"\n" + (GOOD + b"\n") * 40
    found = read_quickly(content)
    assert found == read_slowly(content)
    refused = [number for number, _, row in found if isinstance(row, tuple)]
    assert refused == [41]
    assert found[40][1] == 40 * (len(GOOD) + 1)


@pytest.mark.parametrize(
    "between",
    [
        [b'{"a": [{}', b"{}]}"],
        [b'{"a": [{}', b"{}]}", b"{}, {}"],
        [b'{"a": [{}', b"{}]}", b"{}," + BETWEEN + b",{}"],
        [b'{"a": [{}', b"{}]}", b"{}, 1, {}"],
        [b'{"a": "one', b'two"}', b"{}, 1, {}"],
        [b'{"a": 1', b'"b": 2}'],
        [b'{"a": "one', b'two"}', b"{},{}"],
        [b"{}]", b"[{}"],
    ],
)
def test_what_is_wrong_on_two_lines_does_not_cancel_out(between: list[bytes]) -> None:
    content = b"\n".join([GOOD, *between, GOOD])
    found = read_quickly(content)
    assert found == read_slowly(content)
    assert [number for number, _, row in found if isinstance(row, str)] == [1, len(between) + 2]


UNUSUAL = {
    "colons and brackets in texts": b'{"a": "b: [c] {d}: e", "f": "g:"}',
    "JSON in a text": rb'{"arguments": "{\"city\": \"Rome\", \"city\": 1}"}',
    "a space before every colon": b'{"a" : 1, "b"\t: {"c" : 2}}',
    "a colon behind a space in a text": b'{"a": "Question : answer", "b": "c"}',
    "numbers with exponents": b'{"a": 1e-5, "b": [2E+3, 1.5e300]}',
    "floats, lists and objects": b'{"a": 0.5, "b": [1, "x", null], "c": {"d": [{}]}}',
    "as deep as may be": b'{"a":' + b"[" * (DEPTH - 1) + b"]" * (DEPTH - 1) + b"}",
    "the same keys again inside": b'{"a": {"a": {"a": [{"a": 1}, {"a": 2}]}}}',
    "no keys": b"{}",
    "a key that ends in a backslash": rb'{"a\\": 1, "b": "\":"}',
    "a text whose quote stands behind three backslashes": rb'{"a": "\\\": b"}',
    "the number between lines": b'{"a": ' + BETWEEN + b"}",
}


@pytest.mark.parametrize("kind", UNUSUAL)
def test_an_unusual_line_is_read_without_being_looked_at_alone(kind: str) -> None:
    content = (GOOD + b"\n" + UNUSUAL[kind] + b"\n") * 10
    assert is_read_at_once(content)
    assert read_quickly(content) == read_slowly(content)


@pytest.mark.parametrize(
    ("line", "numbers"),
    [(b'{"a": "1"}', False), (b'{"a":{"b":[]}}', False), (b'{"a": 1}', True), (b'{"a":-1}', True)],
)
def test_only_rows_that_may_hold_numbers_are_searched_for_them(line: bytes, numbers: bool) -> None:
    assert _objects._signs(line).numbers == numbers


SUSPICIOUS = {
    "a text that begins with a colon": b'{"a": ":x"}',
    "a text that holds a key's end": rb'{"a": ":-)", "b": " : "}',
    "a list of the number between lines": b'{"a": [' + BETWEEN + b"]}",
    "a space of many characters": b'{"a"' + b" " * 30 + b": 1}",
}


@pytest.mark.parametrize("kind", SUSPICIOUS)
def test_a_line_that_only_looks_wrong_is_read(kind: str) -> None:
    content = (GOOD + b"\n" + SUSPICIOUS[kind] + b"\r\n") * 10
    assert read_quickly(content) == read_slowly(content)
    assert [number for number, _, row in read_quickly(content) if isinstance(row, str)] == [*range(1, 21)]


def test_lines_keep_their_numbers_and_bytes_through_blank_ones_and_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = b"\r\n".join([GOOD, b"", b" \t", GOOD, b'{"a": 1,}', b"", GOOD] * 9)
    expected = read_slowly(content)
    assert len(expected) == 36
    for size in (1, 2, 50, 100, 333, 10_000):
        monkeypatch.setattr(_lines, "BLOCK_BYTES", size)
        assert read_quickly(content) == expected


def test_numbers_and_bytes_count_from_where_the_file_stands() -> None:
    stream = BytesIO(b'\xef\xbb\xbf{"a": 1}\n{"b": 2}')
    stream.seek(3)
    assert list(objects(stream)) == [(1, 3, {"a": 1}), (2, 12, {"b": 2})]


@pytest.mark.parametrize("extra", [0, 1, 2, 70_000, LINE_BYTES])
def test_a_line_is_as_long_as_it_may_be_and_no_longer(extra: int) -> None:
    long = b'{"a": "' + b"x" * (LINE_BYTES - 10 + extra) + b'"}\n'
    content = GOOD + b"\n" + long + GOOD
    found = read_quickly(content)
    assert found == read_slowly(content)
    assert [number for number, _, row in found if isinstance(row, str)] == (
        [1, 2, 3] if not extra else [1, 3]
    )


def test_a_file_of_nothing_holds_nothing() -> None:
    assert read_quickly(b"") == read_quickly(b"\n\n \n") == []


def test_one_bad_line_costs_the_others_little(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def parse(content: bytes) -> dict[str, Any]:
        asked.append(content)
        return parse_object(content)

    monkeypatch.setattr(_objects, "parse_object", parse)
    content = (GOOD + b"\n") * 700 + b'{"a": 1,}\n' + (GOOD + b"\n") * 700
    assert len(read_quickly(content)) == 1401
    assert len(asked) <= _objects.PARTS


fragments = st.sampled_from(
    [
        *(bytes([byte]) for byte in b'{}[],:"\\ \t\r\n'),
        *(b'"a"', b'"a": 1', b'"b" :', b'"\\\\":', rb"\u0061", rb"\ud83d", b"1e999", b"-0", b"1.5", b"null"),
        *(
            BETWEEN,
            b"\n" + BETWEEN + b",",
            b"[" * 32,
            b"]" * 32,
            b"\xff",
            b"\xc3\xa9",
            b"\0",
            b"{}",
            b'{"a":1}',
        ),
    ]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=6,
)
rows = st.dictionaries(st.text(max_size=6), values, max_size=4)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Draw a line of JSON with a few places overwritten."""
    line = json.dumps(draw(rows), ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(line)))
        line = line[:at] + draw(fragments) + line[at + draw(st.integers(0, 3)) :]
    return line


@settings(max_examples=150)
@given(
    st.lists(mutated() | st.lists(fragments, max_size=6).map(b"".join) | st.binary(max_size=20), max_size=12),
    st.sampled_from([1, 40, 200, 65536]),
)
@example([rb'{"a": "\":", "a": "\":"}', GOOD], 65536)
def test_quick_and_slow_reading_agree_on_all_that_is_drawn(content: list[bytes], size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_lines, "BLOCK_BYTES", size)
        assert read_quickly(b"\n".join(content)) == read_slowly(b"\n".join(content))


digits = st.text("0123456789", min_size=1, max_size=30)


@settings(max_examples=60)
@given(st.lists(st.tuples(digits, digits, st.integers(-340, 340)), min_size=1, max_size=20))
def test_numbers_are_the_same_to_the_last_bit(numbers: list[tuple[str, str, int]]) -> None:
    line = ", ".join(f"{int(whole)}.{part}e{exponent}" for whole, part, exponent in numbers)
    content = f'{{"a": [{line}]}}\n'.encode()
    assert read_quickly(content) == read_slowly(content)


def test_what_python_writes_is_read_back(tmp_path: Path) -> None:
    written = [{"n": n, "text": "é" * n, "list": [n, {"x": n / 7}]} for n in range(3000)]
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in written))
    with file.open("rb") as stream:
        assert [row for _, _, row in objects(stream)] == written
