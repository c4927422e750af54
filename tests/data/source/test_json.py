"""Rows keep their true places; each malformed one is named and costs no other."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from document_files import damaged, read_or_named
from tunesmith.core.errors import BadData
from tunesmith.core.example import BadRow, Example
from tunesmith.data.source import _json_scan
from tunesmith.data.source._columns import Columns
from tunesmith.data.source._lines import LINE_BYTES
from tunesmith.data.source._refused import EXCERPT_CHARACTERS
from tunesmith.data.source.json import Json

GOOD = b'{"prompt": "p\\u00e9", "completion": "c"}'

MALFORMED = [
    (b'{"prompt": "p", "completion": "c",}', "not valid JSON"),
    (b'{"prompt": "p" "completion": "c"}', "not valid JSON"),
    (b"{'prompt': 'p'}", "not valid JSON"),
    (b'{"prompt": "p", "completion": NaN}', "number not finite"),
    (b'{"prompt": "p", "prompt": "q", "completion": "c"}', "duplicate key"),
    (b'["p", "c"]', "not a JSON object"),
    (b'"p"', "not a JSON object"),
    (b"17", "not a JSON object"),
    (b"", "not a JSON object"),
    (b"[" * 99 + b"]" * 99, "not a JSON object"),
    (b'{"prompt": ' + b"[" * 99 + b"]" * 99 + b"}", "nested too deeply"),
    (b'{"prompt": "caf\xe9", "completion": "c"}', "not UTF-8"),
    (b'{"prompt": "p\x00", "completion": "c"}', "NUL character"),
    (b'{"prompt": "' + b"x" * LINE_BYTES + b'", "completion": "c"}', "row too long"),
    (b'{"prompt": "p"}', "missing field"),
    (b'{"prompt": "", "completion": "c"}', "empty prompt"),
]


def test_the_malformed_corpus_is_complete():
    assert len(MALFORMED) == 16


@pytest.mark.parametrize("number", range(len(MALFORMED)))
def test_a_malformed_row_is_named_by_line_byte_and_reason_and_costs_no_other(tmp_path, number):
    bad, reason = MALFORMED[number]
    before = b'{"rows": [\n' + GOOD + b",\r\n\n "
    (tmp_path / "a.json").write_bytes(before + bad + b", " + GOOD + b"]}")
    rows = list(Json(path=tmp_path / "a.json").read())
    (refused,) = [row for row in rows if isinstance(row, BadRow)]
    end = len(before) + (len(bad) if bad else 0)
    assert (refused.place.line, refused.place.byte) == (4, len(before))
    assert refused.reason.startswith(reason)
    assert [row.place.byte for row in rows if isinstance(row, Example)] == [11, end + 2]
    assert rows[0].messages == rows[-1].messages
    assert len(refused.found) <= EXCERPT_CHARACTERS


def test_rows_are_recognised_and_columns_can_be_named(tmp_path):
    (tmp_path / "a.json").write_text('{"data": [{"q": "1", "a": "2", "n": 3}], "tags": ["x"]}')
    source = Json(path=tmp_path / "a.json", columns=Columns(prompt="a", completion="q"))
    (row,) = source.read()
    assert source.gives() == "conversations"
    assert (row.prompt[0].content, row.reference, row.fields) == ("2", "1", {"n": 3})


def test_the_first_clear_row_decides_and_columns_of_later_rows_are_said(tmp_path):
    rows = [{"x": 1}, {"prompt": "p", "completion": "c"}, {"prompt": "p", "completion": "c", "extra": 1}]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    source = Json(path=tmp_path / "a.json")
    assert [type(row) for row in source.read()] == [BadRow, Example, Example]
    assert source.reads_as().startswith(
        "JSON with columns 'prompt' and 'completion', read as prompt and compl"
    )
    assert source.reads_as().endswith("columns not learned from that only later rows have: 'extra'")


def test_a_file_without_a_clear_row_is_an_error_that_names_the_first_doubt(tmp_path):
    (tmp_path / "a.json").write_text('[\n{"x": 1}, {"y": 2}]')
    for ask in (Json.gives, Json.reads_as, lambda source: list(source.read())):
        with pytest.raises(
            BadData, match=r"No row can be used\. The first: .*a\.json:2 \(byte 2\): columns not"
        ):
            ask(Json(path=tmp_path / "a.json"))


def test_the_key_of_the_rows_reaches_the_reader(tmp_path):
    (tmp_path / "a.json").write_text('{"a": [{"text": "one"}], "b": [{"text": "two"}]}')
    (row,) = Json(path=tmp_path / "a.json", rows="b").read()
    assert row.text == "two"


def test_the_fingerprint_follows_bytes_and_options(tmp_path):
    (tmp_path / "a.json").write_text("[1]")
    one = Json(path=tmp_path / "a.json").fingerprint()
    assert Json(path=tmp_path / "a.json", rows="x").fingerprint() != one
    (tmp_path / "a.json").write_text("[2]")
    assert Json(path=tmp_path / "a.json").fingerprint() != one


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")).filter(str.strip)
pace = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pace
@given(
    pairs=st.lists(st.tuples(texts, texts), min_size=1, max_size=8),
    indent=st.sampled_from([None, 0, 1]),
    ascii_only=st.booleans(),
    chunk=st.integers(1, 40),
)
def test_every_row_survives_writing_and_reading_at_its_true_place(tmp_path, pairs, indent, ascii_only, chunk):
    written = json.dumps(
        [{"prompt": p, "completion": c} for p, c in pairs], indent=indent, ensure_ascii=ascii_only
    )
    content = written.encode()
    (tmp_path / "a.json").write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_json_scan, "CHUNK_BYTES", chunk)
        found = list(Json(path=tmp_path / "a.json").read())
    assert [(row.prompt[0].content, row.reference) for row in found] == pairs
    for row in found:
        assert content[row.place.byte : row.place.byte + 1] == b"{"
        assert row.place.line == content[: row.place.byte].count(b"\n") + 1


@pace
@given(data=st.data())
def test_a_damaged_file_is_read_or_named_and_never_crashes_the_reader(tmp_path, data):
    file = tmp_path / "damaged.json"
    file.write_bytes(damaged(data, b'{"v": 1, "data": [' + GOOD + b",\n" + GOOD + b'], "more": [1, "x"]}'))
    read_or_named(Json(path=file), str(file))
