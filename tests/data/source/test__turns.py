import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.data.source._refused import Refused
from tunesmith.data.source._turns import check_conversation, read_turns


@st.composite
def conversations(draw):
    turns = [{"role": "system", "content": "s"}] if draw(st.booleans()) else []
    for number in range(draw(st.integers(1, 5))):
        turns += [{"role": "user", "content": f"u{number}"}, {"role": "assistant", "content": f"a{number}"}]
        if draw(st.booleans()):
            turns[-1]["weight"] = draw(st.sampled_from([1, 1.0]))
    return turns


def read(turns):
    return check_conversation(read_turns(turns, "'messages'"))


@given(conversations())
def test_the_grammar_accepts_every_conversation(turns):
    assert [(turn.role, turn.content) for turn in read(turns)] == [(t["role"], t["content"]) for t in turns]


@given(conversations(), st.data())
def test_the_grammar_refuses_a_conversation_with_a_turn_missing_doubled_or_of_another_role(turns, data):
    at = data.draw(st.integers(0, len(turns) - 1))
    another = next(role for role in ("user", "assistant") if role != turns[at]["role"])
    if turns[at]["role"] == "system":
        mutations = [[turns[0], *turns], [{**turns[0], "role": "user"}, *turns[1:]]]
    else:
        without = turns[:at] + turns[at + 1 :]
        mutations = [
            without,
            turns[: at + 1] + turns[at:],
            [*turns[:at], {**turns[at], "role": another}, *turns[at + 1 :]],
        ]
    with pytest.raises(Refused, match=r"wrong role order|no messages|wrong weight"):
        read(data.draw(st.sampled_from(mutations)))


def test_the_message_names_the_turn():
    turns = [{"role": role, "content": "x"} for role in ("system", "user", "user")]
    with pytest.raises(Refused) as caught:
        read(turns)
    assert caught.value.found == "turn 3 is user, not assistant"


def test_one_trained_turn_is_enough():
    turns = [
        {"role": "user", "content": "u"},
        {"role": "assistant", "content": "a", "weight": 1},
        {"role": "user", "content": "u"},
        {"role": "assistant", "content": "a", "weight": 0},
    ]
    assert [turn.weight for turn in read(turns)] == [1, 1, 1, 0]


def test_an_unknown_key_is_named_and_never_dropped():
    with pytest.raises(Refused) as caught:
        read([{"role": "user", "content": "u", "tool_calls": None}])
    assert caught.value.found == "'messages', turn 1 has 'tool_calls'"
    assert "not supported yet" in caught.value.remedy
