import pytest
from hypothesis import given

from tunesmith.core.example import Message, ToolCall
from tunesmith.data.source._refused import Refused
from tunesmith.data.source._turns import has_developer, read_turns
from written_rows import assistant, call, conversations, legacy, openai, tool, user


def read(*turns):
    return read_turns(list(turns), "'messages'")


def refusal(*turns):
    with pytest.raises(Refused) as caught:
        read(*turns)
    return f"{caught.value.reason}: {caught.value.found}. {caught.value.remedy}"


@given(conversations(tools=True, reasoning=True))
def test_what_openai_writes_is_read_as_it_was(turns):
    assert read(*openai(turns)) == turns


@given(conversations(tools=True, ids=False))
def test_calls_of_the_old_form_are_read_as_calls_without_ids(turns):
    assert read(*legacy(turns)) == turns


def test_a_developer_s_turn_is_a_system_turn():
    assert read({"role": "developer", "content": "d"}) == (Message("system", "d"),)
    assert has_developer([{"role": "developer"}])
    assert has_developer({"messages": [{}, {"role": "developer"}]})
    assert not has_developer([{"role": "system"}, "developer"])
    assert not has_developer({"role": "developer"})
    assert not has_developer("developer")


def test_parts_of_text_are_one_text():
    parts = [{"type": "text", "text": "a "}, {"type": "text", "text": ""}, {"type": "text", "text": "b"}]
    assert read(user(parts), assistant(parts)) == (Message("user", "a b"), Message("assistant", "a b"))


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning", "thinking"])
def test_thoughts_are_read_from_keys_of_their_own(key):
    assert read(assistant("a", **{key: "t"})) == (Message("assistant", "a", reasoning="t"),)


def test_thoughts_in_tags_stay_in_the_content():
    said = "<think>hm</think>4"
    assert read(assistant(said)) == (Message("assistant", said),)


def test_the_same_thoughts_in_two_keys_are_read_once():
    twice = assistant("a", reasoning="t", reasoning_content="t", thinking=None)
    assert read(twice)[0].reasoning == "t"
    assert refusal(assistant("a", reasoning="t", thinking="s")) == (
        "unknown key: 'messages', turn 1 has 'reasoning' and 'thinking', and they differ. Keep one of them."
    )


@pytest.mark.parametrize("empty", [None, "", [], {}])
def test_an_empty_key_holds_nothing(empty):
    keys = ("weight", "name", "tool_calls", "function_call", "refusal", "audio", "annotations", "reasoning")
    turn = assistant("a", **dict.fromkeys(keys, empty)) | {"weight": None}
    assert read(turn, user("u", tool_call_id=empty, weight=empty)) == (
        Message("assistant", "a"),
        Message("user", "u"),
    )


def test_a_call_needs_no_content():
    calls = (ToolCall("f", "{}", "1"),)
    for content in (None, ""):
        assert read(assistant(content, tool_calls=[call()])) == (Message("assistant", "", tool_calls=calls),)
    assert read({"role": "assistant", "tool_calls": [call()]}) == (
        Message("assistant", "", tool_calls=calls),
    )
    assert read(assistant("so", tool_calls=[call()]))[0].content == "so"


def test_a_tool_may_have_nothing_to_say():
    assert read(tool("")) == (Message("tool", "", call="1"),)
    assert refusal(tool(None)).startswith("empty message: 'messages', turn 1 is null.")


def test_names_are_kept():
    assert [turn.name for turn in read(user("u", name="ann"), assistant("a", name="bot"))] == ["ann", "bot"]


def test_earlier_answers_have_the_weight_that_is_asked_for_unless_they_say_theirs():
    turns = [user(), assistant(), user(), assistant(weight=1), user(weight=None)]
    assert [turn.weight for turn in read_turns(turns, "p", weight=0.0)] == [1, 0, 1, 1, 1]


def test_the_first_turn_may_have_another_number():
    with pytest.raises(Refused) as caught:
        read_turns([user(), user(3)], "'chosen'", first=5)
    assert caught.value.found == "'chosen', turn 6 is a number: 3"


KEEP = "Remove it if the answer can be learned without it."
REFUSED = [
    ("hello", "wrong type: 'messages', turn 1 is text: 'hello'. Write {\"role\": ..., \"content\": ...}."),
    (
        {"role": "narrator", "content": "x"},
        "unknown role: 'messages', turn 1 has role 'narrator'. "
        "Use system, developer, user, assistant or tool.",
    ),
    (
        {"role": ["user"], "content": "x"},
        "unknown role: 'messages', turn 1 has role ['user']. Use system, developer, user, assistant or tool.",
    ),
    ({"content": "x"}, "missing field: 'messages', turn 1 has no 'role'. Write the role of every turn."),
    (
        {"from": "human", "value": "x"},
        "unknown key: 'messages', turn 1 has 'from'. "
        "Turns with from and value are read from a column 'conversations', all of them in this form.",
    ),
    (
        {"role": "user"},
        "missing field: 'messages', turn 1 has no 'content'. Write the content of every turn.",
    ),
    (
        {"role": "assistant", "weight": 1},
        "missing field: 'messages', turn 1 has no 'content'. Write the content of every turn.",
    ),
    (user(""), "empty message: 'messages', turn 1 is ''. Write the text, or remove the row."),
    (assistant(None), "empty answer: 'messages', turn 1 is null. Write the text, or remove the row."),
    (
        assistant(" ", reasoning="t"),
        "empty answer: 'messages', turn 1 is ' '. Write the text, or remove the row.",
    ),
    (user({}), "wrong type: 'messages', turn 1 is an object: {}. Write it as one text in quotes."),
    (user([]), "wrong type: 'messages', turn 1 is a list: []. Write it as one text in quotes."),
    (
        user([{"type": "text", "text": "t"}, {"type": "image_url", "image_url": {"url": "x"}}]),
        "not text: 'messages', turn 1, part 2 has type 'image_url'. "
        "Only text can be learned from. Remove the row, or describe in words what is not text.",
    ),
    (
        user([{"type": "input_audio", "input_audio": {}}]),
        "not text: 'messages', turn 1, part 1 has type 'input_audio'. "
        "Only text can be learned from. Remove the row, or describe in words what is not text.",
    ),
    (
        user(["t"]),
        "not text: 'messages', turn 1, part 1 is text. "
        "Only text can be learned from. Remove the row, or describe in words what is not text.",
    ),
    (
        user([{"type": "text", "text": 3}]),
        "wrong type: 'messages', turn 1, part 1 has text that is a number. Write the text in quotes.",
    ),
    (user("u", mood="x"), f"unknown key: 'messages', turn 1 (user) has 'mood': 'x'. {KEEP}"),
    (user("u", tool_calls=[call()]), None),
    (user("u", reasoning="t"), f"unknown key: 'messages', turn 1 (user) has 'reasoning': 't'. {KEEP}"),
    (
        assistant("a", tool_call_id="1"),
        f"unknown key: 'messages', turn 1 (assistant) has 'tool_call_id': '1'. {KEEP}",
    ),
    (
        assistant(None, refusal="No."),
        "unknown key: 'messages', turn 1 (assistant) has 'refusal': 'No.'. "
        "Write the refusal as the content if it is to be learned.",
    ),
    (
        assistant("a", audio={"id": "1"}),
        "unknown key: 'messages', turn 1 (assistant) has 'audio': {'id': '1'}. "
        "Only text can be learned from. Remove the key, or the row.",
    ),
    (
        user("u", weight=1),
        "wrong weight: 'messages', turn 1 (user) has 'weight': 1. "
        "Only assistant turns are trained; remove the weight of the others.",
    ),
    (
        user("u", weight=0),
        "wrong weight: 'messages', turn 1 (user) has 'weight': 0. "
        "Only assistant turns are trained; remove the weight of the others.",
    ),
    (
        assistant("a", weight=0.5),
        "wrong weight: 'messages', turn 1 has weight 0.5. Use 1 to train a turn, 0 not to.",
    ),
    (
        assistant("a", weight=True),
        "wrong weight: 'messages', turn 1 has weight True. Use 1 to train a turn, 0 not to.",
    ),
    (
        assistant("a", name=3),
        "wrong type: 'messages', turn 1, 'name' is a number: 3. Write it as one text in quotes.",
    ),
    (
        assistant("a", thinking=3),
        "wrong type: 'messages', turn 1, 'thinking' is a number: 3. Write it as one text in quotes.",
    ),
    (
        tool("r", 3),
        "wrong type: 'messages', turn 1, 'tool_call_id' is a number: 3. Write it as one text in quotes.",
    ),
]


@pytest.mark.parametrize(("turn", "message"), REFUSED)
def test_a_turn_that_cannot_be_read_is_named(turn, message):
    said = refusal(turn)
    assert (
        said == message
        if message
        else said.startswith("unknown key: 'messages', turn 1 (user) has 'tool_calls'")
    )
    assert "turn 3" in refusal(user(), assistant(), turn)


def test_turns_must_be_a_list():
    with pytest.raises(Refused) as caught:
        read_turns("hello", "'messages'")
    assert (caught.value.found, caught.value.remedy) == (
        "'messages' is text: 'hello'",
        "Write a list of messages.",
    )
