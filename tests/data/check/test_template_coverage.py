import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from chat_templates.families import FAMILIES
from chat_templates.small_tokenizers import tokenizer_of
from tunesmith.core.audit import Finding, Material
from tunesmith.core.example import Example, Message, Place, ToolCall
from tunesmith.data.check.template_coverage import TemplateCoverage
from tunesmith.model.chat import PLAIN_TEMPLATE, ChatTokenizer

BY_NAME = {family.name: family for family in FAMILIES}
TOOLS = json.dumps([{"name": "now", "description": "The time.", "parameters": {"type": "object"}}])
CALL = ToolCall("now", '{"zone": "CET"}', "abcdefghi")
ASKED, SAID = Message("user", "When?"), Message("assistant", "Now.")
RESULT = Message("tool", "noon", name="now", call="abcdefghi")

ROWS: dict[str, Example] = {
    "plain": Example(Place("rows.jsonl", 1), (ASKED, SAID)),
    "system turns": Example(Place("rows.jsonl", 2), (Message("system", "Be kind."), ASKED, SAID)),
    "earlier turns": Example(Place("rows.jsonl", 3), (ASKED, SAID, ASKED, SAID)),
    "tools": Example(Place("rows.jsonl", 4), (ASKED, SAID), tools=TOOLS),
    "calls": Example(
        Place("rows.jsonl", 5), (ASKED, Message("assistant", "", tool_calls=(CALL,)), RESULT, SAID)
    ),
    "thoughts": Example(Place("rows.jsonl", 6), (ASKED, replace(SAID, reasoning="It is noon."))),
    "names of speakers": Example(Place("rows.jsonl", 7), (replace(ASKED, name="Ann"), SAID)),
}
MARKS = "{{ m.role }}: {{ m.content }}<|im_end|>"


def chat_of(family: str, template: str = "") -> ChatTokenizer:
    return ChatTokenizer(tokenizer_of(replace(BY_NAME[family], source=template)))


def look(chat: ChatTokenizer, rows: Sequence[Example], **options: Any) -> list[Finding]:
    half = len(rows) // 2
    material = Material("conversations", {"train": rows[:half], "test": rows[half:]}, {}, chat, 100)
    return TemplateCoverage(**options).look(material)


def names(findings: list[Finding]) -> set[str]:
    return {finding.sentence.split("render ")[1].split(":")[0] for finding in findings}


CALLS = {"calls of tools", "the arguments of calls"}


@pytest.mark.parametrize(
    ("family", "lost"),
    [
        ("chatml", {"tools", "thoughts", "names of speakers", *CALLS}),
        ("qwen2", {"thoughts", "names of speakers"}),
        ("qwen3", {"names of speakers"}),
        ("llama3", {"thoughts", "names of speakers"}),
        ("mistral_v3", {"thoughts", "names of speakers"}),
        ("gemma", {"tools", "thoughts", "names of speakers"}),
        ("deepseek_r1", {"tools", "names of speakers"}),
        ("harmony", {"names of speakers"}),
        ("command_r", {"thoughts", "names of speakers"}),
        ("thinker", {"tools", "names of speakers", *CALLS}),
        ("glm", {"tools", "thoughts", "names of speakers", *CALLS}),
    ],
)
def test_what_a_template_does_not_render_stops(family: str, lost: set[str]) -> None:
    rows = [row for row in ROWS.values() if family != "gemma" or row is not ROWS["calls"]]
    chat = chat_of(family)
    rows = [row for row in rows if family != "gemma" or row is not ROWS["system turns"]]
    found = look(chat, rows)
    assert names(found) == lost
    assert {finding.severity for finding in found} <= {"stop"}


def test_the_plain_template_renders_all_but_names() -> None:
    assert names(look(chat_of("chatml", PLAIN_TEMPLATE), [*ROWS.values()])) == {"names of speakers"}


@pytest.mark.parametrize(
    ("template", "lost"),
    [
        ("{% for m in messages if m.role != 'system' %}" + MARKS + "{% endfor %}", "system turns"),
        ("{% for m in messages[-2:] %}" + MARKS + "{% endfor %}", "earlier turns"),
        ("{% for m in messages if m.role != 'tool' %}" + MARKS + "{% endfor %}", "what tools answered"),
        (
            "{% for m in messages %}{{ m.tool_calls[0].function.name if m.tool_calls }}"
            + MARKS
            + "{% endfor %}",
            "the arguments of calls",
        ),
        ("{% for m in messages %}{{ m.name }}" + MARKS + "{% endfor %}", ""),
    ],
)
def test_each_thing_is_told_from_the_others(template: str, lost: str) -> None:
    rows = {
        "system turns": [ROWS["system turns"], ROWS["plain"]],
        "earlier turns": [ROWS["earlier turns"], ROWS["plain"]],
        "what tools answered": [ROWS["calls"]],
        "the arguments of calls": [ROWS["calls"]],
        "": [ROWS["names of speakers"], ROWS["earlier turns"]],
    }[lost]
    found = names(look(chat_of("chatml", template), rows))
    if lost == "what tools answered":
        assert found == {lost, *CALLS}
    else:
        assert found == ({lost} if lost else set())


def test_it_says_how_many_rows_have_it_and_what_to_do() -> None:
    many = [replace(ROWS["tools"], place=Place("rows.jsonl", line)) for line in range(1, 1201)]
    (found,) = look(chat_of("chatml"), [ROWS["plain"], *many])
    assert found.sentence == (
        "The chat template does not render tools: 1,200 rows have them, and the model would not see them."
    )
    assert found.rows == 1200
    assert found.examples == tuple(f"rows.jsonl:{line}: When?\\nNow." for line in (1, 2, 3))
    assert found.remedy == "Choose a base whose chat template takes tools."
    (one,) = look(chat_of("chatml"), [ROWS["plain"], ROWS["tools"]])
    assert "1 row has them" in one.sentence


def test_only_the_first_rows_are_tried_and_it_is_said_where_some_show_it() -> None:
    template = "{% for m in messages %}{{ m.name if m.content == 'When?' }}" + MARKS + "{% endfor %}"
    shown = ROWS["names of speakers"]
    hidden = replace(shown, messages=(Message("user", "Who?", name="Ann"), SAID))
    (found,) = look(chat_of("chatml", template), [shown, hidden, shown, hidden], tried=2)
    assert "names of speakers in 1 of the 2 rows that were tried: 4 rows have them" in found.sentence
    assert look(chat_of("chatml", template), [shown, hidden], tried=1) == []


def test_a_thought_of_a_turn_that_is_not_learned_may_be_dropped() -> None:
    read = replace(
        ROWS["thoughts"], messages=(ASKED, replace(SAID, weight=0.0, reasoning="Hm."), ASKED, SAID)
    )
    assert look(chat_of("qwen3"), [read]) == []
    assert names(look(chat_of("chatml"), [read, ROWS["thoughts"]])) == {"thoughts"}


def test_the_name_of_a_tool_need_not_be_rendered() -> None:
    assert look(chat_of("qwen2"), [ROWS["calls"]]) == []


def test_what_a_template_refuses_it_has_looked_at() -> None:
    refuses = (
        "{% for m in messages %}{{ raise_exception('too long') if m.name | length > 9 }}"
        + MARKS
        + "{% endfor %}"
    )
    assert look(chat_of("chatml", refuses), [ROWS["names of speakers"]]) == []


def test_tools_may_stand_in_their_frame() -> None:
    framed = json.dumps([{"type": "function", "function": tool} for tool in json.loads(TOOLS)])
    row = replace(ROWS["tools"], tools=framed)
    names_only = (
        "{% for tool in tools %}{{ tool.function.name }}{% endfor %}{% for m in messages %}"
        + MARKS
        + "{% endfor %}"
    )
    assert look(chat_of("chatml", names_only), [row]) == []
    assert names(look(chat_of("chatml"), [row])) == {"tools"}


def test_texts_and_rows_without_anything_special_are_fine() -> None:
    assert look(chat_of("chatml"), [ROWS["plain"], Example(Place("a.txt", 1), text="Text.")]) == []
