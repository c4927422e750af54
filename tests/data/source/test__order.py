import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.core.example import Message, ToolCall
from tunesmith.data.source._order import check_conversation, check_prompt
from tunesmith.data.source._refused import Refused
from tunesmith.data.source._tools import Tools
from written_rows import conversations

ORDER = (
    "Order the turns: system (optional), user, assistant, user, ..., and end with the assistant's answer. "
    "What a tool gives stands between the assistant's call and the assistant's next turn."
)
FEW = Tools("[]", frozenset("gh"))


def turns(letters):
    """Make turns of a letter each: s, u, a, t, and c for an assistant that calls."""
    roles = {"s": "system", "u": "user", "a": "assistant", "t": "tool", "c": "assistant"}
    calls = {"c": (ToolCall("f", "{}", "1"),)}
    return tuple(
        Message(roles[one], "x", tool_calls=calls.get(one, ()), call="1" if one == "t" else "")
        for one in letters
    )


def refusal(check, *given):
    with pytest.raises(Refused) as caught:
        check(*given)
    return f"{caught.value.reason}: {caught.value.found}. {caught.value.remedy}"


@given(conversations(tools=True))
def test_the_grammar_accepts_every_conversation(made):
    assert check_conversation(made) is made


@given(conversations(tools=True, ids=False))
def test_calls_without_ids_are_answered_in_their_order(made):
    assert check_conversation(made) is made


@given(conversations(), st.data())
def test_a_conversation_with_a_turn_missing_doubled_or_of_another_role_is_refused(made, data):
    at = data.draw(st.integers(0, len(made) - 1))
    another = "assistant" if made[at].role == "user" else "user"
    mutations = [made[: at + 1] + made[at:], (*made[:at], Message(another, "x"), *made[at + 1 :])]
    if made[at].role != "system":
        mutations.append(made[:at] + made[at + 1 :])
    assert refusal(check_conversation, data.draw(st.sampled_from(mutations))).startswith(
        ("wrong role order", "no messages", "nothing to train")
    )


@pytest.mark.parametrize(
    ("letters", "fault"),
    [
        ("a", "turn 1 is assistant, not user"),
        ("sa", "turn 2 is assistant, not user"),
        ("ssua", "turn 2 is system, not user"),
        ("suua", "turn 3 is user, not assistant"),
        ("uaa", "turn 3 is assistant, not user"),
        ("usa", "turn 2 is system, not assistant"),
        ("uta", "turn 2 is tool, not assistant"),
        ("tua", "turn 1 is tool, not user"),
        ("uctua", "turn 4 is user, not assistant"),
        ("s", "the last turn, 1, is system"),
        ("suau", "the last turn, 4, is user"),
        ("uct", "the last turn, 3, is tool"),
    ],
)
def test_the_turn_that_stands_in_the_wrong_place_is_named(letters, fault):
    assert refusal(check_conversation, turns(letters)) == f"wrong role order: {fault}. {ORDER}"


def test_no_turns_are_refused():
    said = "no messages: an empty list. Write at least a user turn and an assistant turn."
    assert refusal(check_conversation, ()) == refusal(check_prompt, ()) == said


def test_a_prompt_ends_with_what_is_to_be_answered():
    for letters in ("u", "su", "uau", "uct"):
        assert check_prompt(turns(letters)) == turns(letters)
    remedy = "End a prompt with the turn that is to be answered: the user's, or a tool's."
    assert (
        refusal(check_prompt, turns("sua")) == f"wrong role order: the last turn, 3, is assistant. {remedy}"
    )
    assert refusal(check_prompt, turns("s")) == f"wrong role order: the last turn, 1, is system. {remedy}"
    assert refusal(check_prompt, turns("uu")).startswith("wrong role order: turn 2 is user, not assistant")


def test_one_trained_turn_is_enough():
    masked = (Message("user", "u"), Message("assistant", "a", weight=0.0))
    assert check_conversation((*turns("ua"), *masked))
    assert check_conversation((*masked, *turns("ua")))
    assert refusal(check_conversation, masked * 2) == (
        "nothing to train: every assistant turn has weight 0. "
        "Give at least one assistant turn weight 1, or remove the row."
    )


def test_the_last_turn_may_call_and_wait():
    assert check_conversation(turns("uc"))


@pytest.mark.parametrize(
    ("letters", "fault", "remedy"),
    [
        (
            "ucua",
            "turn 2 calls 'f', and no turn answers it",
            "Put the answer of every call after it, as a tool's turn.",
        ),
        (
            "uata",
            "turn 3 answers '1', but turn 2 makes no such call",
            "Give each tool's turn the tool_call_id of the call it answers.",
        ),
        (
            "uctta",
            "turn 4 answers '1', but turn 2 makes no such call",
            "Give each tool's turn the tool_call_id of the call it answers.",
        ),
    ],
)
def test_every_call_is_answered_and_every_answer_was_asked_for(letters, fault, remedy):
    assert refusal(check_conversation, turns(letters)) == f"wrong tool call: {fault}. {remedy}"


def called(calls, answers):
    """Make a conversation from names and ids of calls, and names and ids of answers."""
    asked = Message("assistant", "", tool_calls=tuple(ToolCall(name, "{}", id) for name, id in calls))
    given = [Message("tool", "r", name=name, call=id) for name, id in answers]
    return (Message("user", "u"), asked, *given, Message("assistant", "a"))


def test_ids_may_be_answered_in_any_order_but_must_match():
    assert check_conversation(called([("f", "1"), ("g", "2")], [("", "2"), ("", "1")]))
    said = "wrong tool call: turn 3 answers '3', but turn 2 waits for '1', '2'."
    assert refusal(check_conversation, called([("f", "1"), ("g", "2")], [("", "3"), ("", "1")])).startswith(
        said
    )
    said = "wrong tool call: turn 2 calls 'g', and no turn answers it."
    assert refusal(check_conversation, called([("f", "1"), ("g", "2")], [("", "1")])).startswith(said)
    said = "wrong tool call: turn 3 answers 'f', but turn 2 waits for '1'."
    assert refusal(check_conversation, called([("f", "1")], [("f", "")])).startswith(said)


def test_without_ids_the_names_must_match_in_order():
    assert check_conversation(called([("f", ""), ("g", "")], [("f", ""), ("g", "")]))
    assert check_conversation(called([("f", ""), ("g", "")], [("", ""), ("", "")]))
    said = "wrong tool call: turn 3 answers 'g', but turn 2 waits for 'f', 'g'."
    assert refusal(check_conversation, called([("f", ""), ("g", "")], [("g", ""), ("f", "")])).startswith(
        said
    )


def test_only_functions_that_there_are_can_be_called():
    assert check_conversation(called([("g", "1")], [("", "1")]), FEW)
    assert refusal(check_conversation, called([("f", "1")], [("", "1")]), FEW) == (
        "unknown tool: turn 2 calls 'f', but there are only 'g', 'h'. "
        "Correct the name, or write the function into the tools."
    )
    assert refusal(check_conversation, turns("uc"), FEW).startswith("unknown tool: turn 2")
    assert refusal(check_prompt, turns("uct"), FEW).startswith("unknown tool: turn 2")
