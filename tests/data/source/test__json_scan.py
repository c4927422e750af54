import json
import tracemalloc
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.core.errors import BadData
from tunesmith.data.source import _json_scan
from tunesmith.data.source._json_scan import Scanner
from tunesmith.data.source._lines import LINE_BYTES

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
pace = settings(max_examples=80)


def scanner(content):
    return Scanner(Path("a.json"), BytesIO(content))


def test_space_is_passed_and_lines_are_counted():
    scan = scanner(b" \n\r\n\t[ \n")
    assert (scan.peek(), scan.line, scan.byte) == (b"[", 3, 5)
    assert not scan.take(b"{")
    assert scan.take(b"[")
    assert (scan.peek(), scan.line, scan.byte) == (b"", 4, 8)


@pytest.mark.parametrize(
    "value", [b'"a]\\"}"', b'"\\\\"', b"[1, [2]]", b'{"a": "}"}', b"-1.5e3", b"null", b"{}", b'""', b"tru"]
)
@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
def test_a_value_ends_where_it_ends_however_the_file_is_read(monkeypatch, value, chunk):
    monkeypatch.setattr(_json_scan, "CHUNK_BYTES", chunk)
    scan = scanner(b" " + value + b" ,rest")
    assert scan.value() == (1, 1, value)
    assert scan.take(b",")
    assert scan.value() == (1, len(value) + 3, b"rest")


@pace
@given(data=st.data(), several=st.lists(values, min_size=1, max_size=5), indent=st.sampled_from([None, 0, 2]))
def test_every_value_is_found_at_its_place_however_the_file_is_read(data, several, indent):
    written = [json.dumps(v, indent=indent, ensure_ascii=data.draw(st.booleans())).encode() for v in several]
    content = b",\n".join(written)
    scan = scanner(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_json_scan, "CHUNK_BYTES", data.draw(st.integers(1, 20)))
        for expected in written:
            line, byte, found = scan.value()
            assert found == expected
            assert content[byte:].startswith(expected)
            assert line == content[:byte].count(b"\n") + 1
            scan.take(b",")
    assert scan.peek() == b""


@pytest.mark.parametrize("content", [b'{"a": [1', b'["a', b'"a\\', b'["\\"]'])
def test_what_is_never_closed_is_named_where_it_begins(content):
    scan = scanner(b"1\n" + content)
    scan.value()
    with pytest.raises(BadData, match=r"a\.json:2 \(byte 2\): a bracket or quote is opened and never closed"):
        scan.value()


def test_a_value_that_is_too_long_is_passed_in_constant_memory():
    long = b'["' + b"x" * (4 * LINE_BYTES) + b'\n"]'
    scan = scanner(long + b' {"a": 1}')
    tracemalloc.start()
    line, byte, found = scan.value()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (line, byte, len(found)) == (1, 0, LINE_BYTES + 1)
    assert most < 2.5 * LINE_BYTES
    assert scan.value() == (2, len(long) + 1, b'{"a": 1}')


def test_one_can_go_back_to_a_place():
    scan = scanner(b"[1]\n[2]")
    scan.value()
    line, byte, first = scan.value()
    assert scan.peek() == b""
    scan.move_to(line, byte)
    assert scan.value() == (2, 4, first)


def test_a_failure_names_the_place_and_what_is_there():
    scan = scanner(b"[1]\nwrong\x1b")
    scan.value()
    scan.peek()
    with pytest.raises(BadData) as caught:
        scan.fail("a comma is missing", "Write one.")
    assert str(caught.value).endswith(r"a.json:2 (byte 4): a comma is missing, found wrong\x1b. Write one.")
