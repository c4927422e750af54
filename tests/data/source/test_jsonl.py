"""Each malformed row is named by line, byte and reason; each valid row survives writing and reading."""

import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tunesmith.core.errors import BadData, BadOption
from tunesmith.core.example import BadRow, Example, Message
from tunesmith.data.source._columns import Columns
from tunesmith.data.source._lines import LINE_BYTES
from tunesmith.data.source._refused import EXCERPT_CHARACTERS
from tunesmith.data.source.jsonl import Jsonl

PAIR = b'{"prompt": "p", "completion": "c"}\n'
CHAT = b'{"messages": [{"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}]}\n'
LABELLED = b'{"text": "t", "label": "l"}\n'
RAW = b'{"text": "t"}\n'


def chat(*turns: object) -> bytes:
    return json.dumps({"messages": list(turns)}).encode() + b"\n"


def turn(role: object, content: object, **more: object) -> dict[str, object]:
    return {"role": role, "content": content, **more}


USER, ASSISTANT, SYSTEM = turn("user", "u"), turn("assistant", "a"), turn("system", "s")

MALFORMED = [
    # JSON itself
    (PAIR, b'{"prompt": "p", "completion": "c"\n', "not valid JSON"),
    (PAIR, b'{"prompt": "p", "completion": "c",}\n', "not valid JSON"),
    (PAIR, b"{'prompt': 'p', 'completion': 'c'}\n", "not valid JSON"),
    (PAIR, b'{"prompt": "p", "completion": "c"} {"prompt": "p", "completion": "c"}\n', "not valid JSON"),
    (PAIR, b'{"prompt": "p", "completion": "a\tb"}\n', "not valid JSON"),
    (PAIR, b'{"prompt": "p", "completion": "\\x"}\n', "not valid JSON"),
    (PAIR, b'{"prompt": "p", "completion": True}\n', "not valid JSON"),
    (PAIR, b'\xef\xbb\xbf{"prompt": "p", "completion": "c"}\n', "not valid JSON"),
    (PAIR, b"prompt,completion\n", "not valid JSON"),
    (PAIR, b'["p", "c"]\n', "not a JSON object"),
    (PAIR, b'"p"\n', "not a JSON object"),
    (PAIR, b"null\n", "not a JSON object"),
    (PAIR, b"17\n", "not a JSON object"),
    (PAIR, b'{"prompt": "p", "prompt": "q", "completion": "c"}\n', "duplicate key"),
    (PAIR, b'{"prompt": "p", "completion": "c", "score": NaN}\n', "number not finite"),
    (PAIR, b'{"prompt": "p", "completion": "c", "score": -Infinity}\n', "number not finite"),
    (PAIR, b'{"prompt": "p", "completion": "c", "score": 1e999}\n', "number not finite"),
    (PAIR, b'{"prompt": "p", "completion": "c", "n": ' + b"9" * 5000 + b"}\n", "number too long"),
    (PAIR, b'{"prompt": "p", "completion": "c", "n": ' + b"[" * 40 + b"]" * 40 + b"}\n", "nested too deeply"),
    (PAIR, b"[" * 100_000 + b"\n", "nested too deeply"),
    (PAIR, b'{"prompt": "' + b"x" * LINE_BYTES + b'", "completion": "c"}\n', "line too long"),
    # characters
    (PAIR, b'{"prompt": "caf\xe9", "completion": "c"}\n', "not UTF-8"),
    (PAIR, b'{"prompt": "\xc4\xe3\xba\xc3", "completion": "c"}\n', "not UTF-8"),
    (PAIR, b'{"prompt": "\xed\xa0\x80", "completion": "c"}\n', "not UTF-8"),
    (PAIR, b'{"prompt": "cut \xe2\x82\n', "not UTF-8"),
    (PAIR, b'{"prompt": "p\x00", "completion": "c"}\n', "NUL character"),
    (PAIR, b'{"prompt": "p\\u0000", "completion": "c"}\n', "NUL character"),
    (PAIR, b'{"prompt": "\\ud83d", "completion": "c"}\n', "lone surrogate"),
    # prompt and completion
    (PAIR, b'{"prompt": "p"}\n', "missing field"),
    (PAIR, b'{"Prompt": "p", "completion": "c"}\n', "missing field"),
    (PAIR, b"{}\n", "missing field"),
    (PAIR, b'{"prompt": "p", "completion": null}\n', "empty answer"),
    (PAIR, b'{"prompt": "p", "completion": ""}\n', "empty answer"),
    (PAIR, b'{"prompt": " \\n\\u00a0", "completion": "c"}\n', "empty prompt"),
    (PAIR, b'{"prompt": 3, "completion": "c"}\n', "wrong type"),
    (PAIR, b'{"prompt": "p", "completion": {"text": "c"}}\n', "wrong type"),
    (PAIR, b'{"prompt": "p", "completion": "c", "tools": [{"title": "f"}]}\n', "wrong tool"),
    (PAIR, b'{"prompt": "p", "completion": "c", "system": 3}\n', "wrong type"),
    (PAIR, b'{"prompt": "p", "completion": "c", "images": ["i.png"]}\n', "not text"),
    (PAIR, b'{"prompt": "p", "completion": "c", "context": "x"}\n', "unexpected column"),
    (PAIR, b'{"prompt": [], "completion": []}\n', "no messages"),
    (PAIR, b'{"prompt": "p", "completion": [{"role": "user", "content": "u"}]}\n', "wrong role order"),
    # labels and raw text
    (LABELLED, b'{"text": "t"}\n', "missing field"),
    (LABELLED, b'{"text": "t", "label": " "}\n', "empty label"),
    (LABELLED, b'{"text": "t", "label": 0.5}\n', "wrong type"),
    (LABELLED, b'{"text": "", "label": "l"}\n', "empty text"),
    (RAW, b'{"text": null}\n', "empty text"),
    (RAW, b'{"text": ["t"]}\n', "wrong type"),
    (RAW, b'{"text": "t", "label": "l"}\n', "unexpected column"),
    # conversations
    (CHAT, b'{"messages": "hello"}\n', "wrong type"),
    (CHAT, b'{"messages": []}\n', "no messages"),
    (CHAT, b'{"messages": ["hello"]}\n', "wrong type"),
    (CHAT, chat(USER), "wrong role order"),
    (CHAT, chat(ASSISTANT), "wrong role order"),
    (CHAT, chat(SYSTEM), "wrong role order"),
    (CHAT, chat(SYSTEM, ASSISTANT), "wrong role order"),
    (CHAT, chat(USER, USER, ASSISTANT), "wrong role order"),
    (CHAT, chat(USER, SYSTEM, USER, ASSISTANT), "wrong role order"),
    (CHAT, chat(USER, ASSISTANT, ASSISTANT), "wrong role order"),
    (CHAT, chat(SYSTEM, USER, ASSISTANT, USER), "wrong role order"),
    (CHAT, chat(turn("tool", "u"), ASSISTANT), "wrong role order"),
    (CHAT, chat(USER, ASSISTANT, turn("tool", "r"), ASSISTANT), "wrong tool call"),
    (CHAT, chat(turn("User", "u"), ASSISTANT), "unknown role"),
    (CHAT, chat(turn(["user"], "u"), ASSISTANT), "unknown role"),
    (CHAT, chat({"content": "u"}, ASSISTANT), "missing field"),
    (CHAT, chat({"role": "user"}, ASSISTANT), "missing field"),
    (CHAT, chat({"from": "human", "value": "u"}, ASSISTANT), "unknown key"),
    (CHAT, chat(USER, turn("assistant", "a", mood="good")), "unknown key"),
    (CHAT, chat(USER, turn("assistant", "a", tool_calls=["f"])), "wrong tool call"),
    (CHAT, chat(USER, turn("assistant", None)), "empty answer"),
    (CHAT, chat(USER, turn("assistant", "\n")), "empty answer"),
    (CHAT, chat(turn("user", ""), ASSISTANT), "empty message"),
    (CHAT, chat(turn("user", [{"type": "image_url", "image_url": {}}]), ASSISTANT), "not text"),
    (CHAT, chat(turn("user", "u", weight=1), ASSISTANT), "wrong weight"),
    (CHAT, chat(USER, turn("assistant", "a", weight=0.5)), "wrong weight"),
    (CHAT, chat(USER, turn("assistant", "a", weight=True)), "wrong weight"),
    (CHAT, chat(USER, turn("assistant", "a", weight=0)), "nothing to train"),
]


def test_the_malformed_corpus_is_complete():
    assert len(MALFORMED) == 77


@pytest.mark.parametrize("number", range(len(MALFORMED)))
def test_a_malformed_row_is_named_by_line_byte_and_reason(tmp_path, number):
    good, bad, reason = MALFORMED[number]
    file = tmp_path / "rows.jsonl"
    file.write_bytes(good + b"\r\n" + good + bad + good)
    rows = list(Jsonl(path=file).read())
    (refused,) = [row for row in rows if isinstance(row, BadRow)]
    assert (refused.place.line, refused.place.byte, refused.reason) == (4, 2 * len(good) + 2, reason)
    assert rows.index(refused) == 2
    assert len(rows) == 4
    assert len(refused.found) <= EXCERPT_CHARACTERS
    assert refused.found.isprintable()
    assert refused.remedy.endswith(".")


def test_the_last_line_needs_no_line_end(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_bytes(PAIR + PAIR.rstrip() + b"\r\n" + PAIR[:-1])
    assert [row.place.line for row in Jsonl(path=file).read()] == [1, 2, 3]


def test_a_byte_order_mark_is_not_part_of_the_first_line(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + PAIR)
    (row,) = Jsonl(path=file).read()
    assert isinstance(row, Example)
    assert (row.place.line, row.place.byte) == (1, 3)


def test_bad_rows_before_any_usable_one_are_named_too(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b'{"prompt": "p"}\n' + PAIR)
    first, second = Jsonl(path=file).read()
    assert isinstance(first, BadRow)
    assert first.reason == "missing field"
    assert isinstance(second, Example)


def test_a_file_without_one_readable_row_names_them_all(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text('{\n"prompt": "p",\n"completion": "c"\n}\n')
    assert [row.reason for row in Jsonl(path=file).read()] == ["not valid JSON"] * 4
    with pytest.raises(BadData, match=r"rows.jsonl:1 \(byte 0\): not valid JSON"):
        Jsonl(path=file).gives()


@pytest.mark.parametrize("content", [b"\n \r\n\t\n", b"\xef\xbb\xbf", b""])
def test_a_file_without_rows_is_an_error(tmp_path, content):
    file = tmp_path / "rows.jsonl"
    file.write_bytes(content)
    for use in (Jsonl(path=file).gives, lambda: list(Jsonl(path=file).read())):
        with pytest.raises(BadData, match=r"rows.jsonl (is empty|holds nothing but blank lines)"):
            use()


def test_a_conversation_keeps_roles_weights_and_text(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_bytes(chat(SYSTEM, USER, turn("assistant", "no", weight=0), USER, turn("assistant", "ja")))
    (row,) = Jsonl(path=file).read()
    assert [(m.role, m.content, m.weight) for m in row.messages] == [
        ("system", "s", 1),
        ("user", "u", 1),
        ("assistant", "no", 0),
        ("user", "u", 1),
        ("assistant", "ja", 1),
    ]


def test_answers_inside_a_prompt_are_read_but_not_learned(tmp_path):
    file = tmp_path / "rows.jsonl"
    row = {"prompt": [USER, ASSISTANT, USER], "completion": [ASSISTANT]}
    file.write_text(json.dumps(row))
    (example,) = Jsonl(path=file).read()
    assert [m.weight for m in example.messages if m.role == "assistant"] == [0, 1]


def test_labelled_text_is_a_conversation_that_ends_with_the_label(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text('{"id": 1, "sentence": "s", "label": 1}\n{"id": 2, "sentence": "s", "label": true}\n')
    first, second = Jsonl(path=file).read()
    assert Jsonl(path=file).gives() == "labels"
    assert first.messages == (Message("user", "s"), Message("assistant", "1"))
    assert (first.label, second.label) == ("1", "true")


def test_context_continues_the_prompt(tmp_path):
    file = tmp_path / "rows.jsonl"
    rows = [{"instruction": "i", "input": more, "output": "o"} for more in ("x", "", None)]
    file.write_text("\n".join(map(json.dumps, rows)))
    assert [row.prompt[0].content for row in Jsonl(path=file).read()] == ["i\n\nx", "i", "i"]


def test_options_decide_how_columns_are_read(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text('{"chosen": "c", "rejected": "r", "prompt": "p"}\n')
    assert Jsonl(path=file).gives() == "pairs"
    (row,) = Jsonl(path=file, columns=Columns(prompt="prompt", completion="chosen")).read()
    assert row.reference == "c"
    assert [r.text for r in Jsonl(path=file, columns=Columns(text="rejected")).read()] == ["r"]
    with pytest.raises(BadOption, match="exclude each other"):
        Jsonl(path=file, columns=Columns(prompt="prompt", text="chosen")).gives()


def test_the_first_row_that_is_clear_decides(tmp_path):
    file = tmp_path / "rows.jsonl"
    unclear = chat(USER)
    file.write_bytes(unclear + CHAT + unclear)
    assert Jsonl(path=file).gives() == "conversations"
    assert [row.reason for row in Jsonl(path=file).read() if isinstance(row, BadRow)] == [
        "wrong role order"
    ] * 2
    file.write_bytes(unclear)
    with pytest.raises(BadData, match=r"For prompts without an answer: data.source.columns.shape=prompts"):
        Jsonl(path=file).gives()
    (row,) = Jsonl(path=file, columns=Columns(shape="prompts")).read()
    assert row.messages == (Message("user", "u"),)


def test_how_the_file_is_read_is_said(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text('{"id": 7, "question": "q", "answer": "a"}\n')
    assert Jsonl(path=file).reads_as() == (
        "JSONL with columns 'question' and 'answer', read as prompt and completion (by their names); "
        "override with data.source.columns.prompt=... data.source.columns.completion=...; "
        "columns not learned from: 'id'"
    )


def test_unlearned_columns_of_later_rows_are_named_only_where_there_are_any(tmp_path):
    file = tmp_path / "rows.jsonl"
    row = {"prompt": "p", "completion": "c"}
    refused = {"prompt": 5, "completion": "c", "unusable": 1}
    rows = [row, {**row, "note": "n"}, row, refused, {**row, "stars": 5, "note": "m"}]
    file.write_text("".join(f"{json.dumps(one)}\n" for one in rows) + "not JSON\n")
    said = Jsonl(path=file).reads_as()
    assert said.endswith(
        "completion=...; columns not learned from that only later rows have: 'note', 'stars'"
    )
    chosen = Jsonl(path=file, columns=Columns(text="completion")).reads_as()
    assert chosen.endswith(
        "columns not learned from: 'prompt'; "
        "columns not learned from that only later rows have: 'note', 'unusable', 'stars'"
    )
    file.write_text(f"{json.dumps(row)}\n" + json.dumps(row | dict.fromkeys("abcdefg", 1)))
    assert Jsonl(path=file).reads_as().endswith("have: 'a', 'b', 'c', 'd', 'e' and 2 more")


def test_reading_takes_the_memory_of_a_row_not_of_the_file(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_bytes(json.dumps({"text": "x" * 10_000}).encode().join([b"", b"\n"]) * 500)
    reader = Jsonl(path=file).read()
    next(reader)
    tracemalloc.start()
    assert sum(1 for _ in reader) == 499
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < file.stat().st_size / 10


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")).filter(
    lambda t: not t.isspace() and t
)
pairs = st.fixed_dictionaries({"prompt": words, "completion": words})
pace = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def write(folder: Path, rows: list[bytes]) -> Path:
    file = folder / "rows.jsonl"
    file.write_bytes(b"".join(rows))
    return file


@pace
@given(
    rows=st.lists(pairs, min_size=1, max_size=20), escape=st.booleans(), end=st.sampled_from(["\n", "\r\n"])
)
def test_every_valid_row_survives_writing_and_reading(tmp_path, rows, escape, end):
    file = write(tmp_path, [(json.dumps(row, ensure_ascii=escape) + end).encode() for row in rows])
    read = [(row.prompt[0].content, row.reference) for row in Jsonl(path=file).read()]
    assert read == [(row["prompt"], row["completion"]) for row in rows]


@pace
@given(data=st.data(), rows=st.lists(pairs, min_size=2, max_size=20))
def test_one_corrupted_line_anywhere_is_named_exactly(tmp_path, data, rows):
    encoded = [json.dumps(row).encode() + b"\n" for row in rows]
    at = data.draw(st.integers(0, len(rows) - 1))
    cut = data.draw(st.integers(1, len(encoded[at]) - 2))
    encoded[at] = encoded[at][:cut] + b"\n"
    found = list(Jsonl(path=write(tmp_path, encoded)).read())
    (bad,) = [row for row in found if isinstance(row, BadRow)]
    assert (bad.place.line, bad.place.byte) == (at + 1, len(b"".join(encoded[:at])))
    assert bad.reason == "not valid JSON"
    assert [r.reference for r in found if isinstance(r, Example)] == [
        row["completion"] for number, row in enumerate(rows) if number != at
    ]


@pace
@given(lines=st.lists(st.binary(max_size=60), max_size=8))
def test_arbitrary_bytes_never_crash_the_reader(tmp_path, lines):
    file = write(tmp_path, [PAIR, *(line.replace(b"\n", b"") + b"\n" for line in lines)])
    held = [line for line in lines if line.replace(b"\n", b"").strip()]
    assert len(list(Jsonl(path=file).read())) == 1 + len(held)


def test_what_only_later_rows_have_and_is_read_is_not_said_to_be_unread(tmp_path):
    file = tmp_path / "rows.jsonl"
    developer = {"messages": [turn("developer", "d"), USER, ASSISTANT], "tools": [], "note": "n"}
    file.write_bytes(CHAT + json.dumps(developer).encode())
    said = Jsonl(path=file).reads_as()
    assert "(by its name); turns of the developer are read as system turns; override with" in said
    assert said.endswith("; columns not learned from that only later rows have: 'note'")
    assert [row.messages[0].role for row in Jsonl(path=file).read()] == ["user", "system"]
