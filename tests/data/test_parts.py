import json

from hypothesis import given
from hypothesis import strategies as st

from tunesmith.core.example import Example, Message, Place, ToolCall
from tunesmith.data.parts import leaves, rewrite, rewrite_json, texts

PLACE = Place("rows.jsonl", 1, 0)
CALL = ToolCall("send", '{"to": "ada", "count": 2, "draft": true}', "c1")
ROW = Example(
    PLACE,
    messages=(
        Message("system", "be kind"),
        Message("user", "hi", name="ada"),
        Message("assistant", "ok", weight=0.0, reasoning="think", tool_calls=(CALL,)),
        Message("tool", "done", name="send", call="c1"),
    ),
    rejected=(Message("assistant", "no"),),
    wanted='["yes", 7]',
    tools='[{"name": "send"}]',
    fields={"note": "side"},
)


def test_every_text_is_given_after_what_it_is() -> None:
    assert list(texts(ROW)) == [
        ("system", "be kind"),
        ("user", "hi"),
        ("assistant", "ok"),
        ("reasoning", "think"),
        ("tool call", "to: ada"),
        ("tool call", "count: 2"),
        ("tool", "done"),
        ("rejected", "no"),
        ("wanted", "yes"),
        ("wanted", "7"),
        ("tools", "name: send"),
    ]


def test_labels_are_given_once() -> None:
    turns = (Message("user", "hi"), Message("assistant", "greeting"))
    assert list(texts(Example(PLACE, turns, labels=("greeting",)))) == [
        ("user", "hi"),
        ("assistant", "greeting"),
    ]
    assert list(texts(Example(PLACE, text="hi", labels=("a", "b")))) == [
        ("text", "hi"),
        ("label", "a"),
        ("label", "b"),
    ]


def test_a_row_is_rewritten_in_every_text_and_nothing_else() -> None:
    changed = rewrite(ROW, str.upper, lambda text: rewrite_json(text, lambda key, value: f"{key}-{value}"))
    assert [turn.content for turn in changed.messages] == ["BE KIND", "HI", "OK", "DONE"]
    assert changed.messages[2].reasoning == "THINK"
    assert json.loads(changed.messages[2].tool_calls[0].arguments) == {
        "-to": "to-ada",
        "-count": "count-2",
        "-draft": True,
    }
    assert json.loads(changed.wanted) == ["-yes", "-7"]
    assert json.loads(changed.tools) == [{"-name": "name-send"}]
    assert changed.rejected[0].content == "NO"
    assert (changed.place, changed.fields, changed.messages[1].name) == (PLACE, ROW.fields, "ada")
    assert changed.messages[2].weight == 0.0


def test_without_a_way_to_change_json_it_stays() -> None:
    changed = rewrite(ROW, str.upper)
    assert (changed.wanted, changed.tools, changed.messages[2].tool_calls) == (ROW.wanted, ROW.tools, (CALL,))


def test_a_row_in_which_nothing_changes_is_the_same_row() -> None:
    assert rewrite(ROW, str.strip, lambda text: rewrite_json(text, lambda _, value: value)) is ROW


def test_json_that_does_not_change_keeps_its_spelling() -> None:
    assert rewrite_json('{ "a" : 1.50 }', lambda _, value: value) == '{ "a" : 1.50 }'


def test_a_number_that_changes_becomes_a_string() -> None:
    assert (
        rewrite_json('{"a": 15, "b": 16}', lambda _, value: value.replace("15", "x")) == '{"a": "x", "b": 16}'
    )


def test_what_is_not_json_is_one_text() -> None:
    assert rewrite_json("not json", lambda key, value: f"{key}{value.upper()}") == "NOT JSON"
    assert rewrite_json("[" * 100_000, lambda _, value: f"{len(value)}") == "100000"
    assert list(leaves("[" * 100_000)) == ["[" * 100_000]
    assert list(leaves("")) == []


def test_items_of_a_list_stand_behind_the_key_of_the_list() -> None:
    assert list(leaves('{"ssn": ["1", {"x": null}], "ok": false}')) == ["ssn: 1"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(JSON)
def test_any_json_survives_being_read(value: object) -> None:
    text = json.dumps(value)
    assert rewrite_json(text, lambda _, part: part) == text
