from array import array
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from chat_templates.conversations import conversation
from chat_templates.families import FAMILIES, Family
from chat_templates.small_tokenizers import tokenizer_of
from tunesmith.core.cards import Encoded
from tunesmith.core.example import Example, Message, Place, ToolCall
from tunesmith.core.task import LANGUAGE
from tunesmith.data.check._proof import Prover, Unproven
from tunesmith.data.check._spans import spans_of
from tunesmith.model.chat import ChatTokenizer
from tunesmith.objective.text import Text

BY_NAME = {family.name: family for family in FAMILIES}
PLACE = Place("rows.jsonl", 1, 0)
TURNS = (
    Message("user", "Where is it?"),
    Message("assistant", "On its way."),
    Message("user", "And when?"),
    Message("assistant", "Tomorrow, at noon."),
)
ROW = Example(PLACE, TURNS)


def chat_of(name: str) -> ChatTokenizer:
    return ChatTokenizer(tokenizer_of(BY_NAME[name]))


def encoded(row: Example, chat: ChatTokenizer) -> list[Encoded]:
    return chat.encode_conversation(row.messages, row.tools)


def weighted(sequence: Encoded, start: int, end: int, weight: float) -> Encoded:
    weights = array("f", sequence.weights)
    for place in range(start, end):
        weights[place] = weight
    return replace(sequence, weights=weights)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_what_the_chat_encodes_is_proven(family: Family) -> None:
    chat, random = ChatTokenizer(tokenizer_of(family)), Random(f"proof {family.name}")
    prover, proven = Prover(chat), 0
    for _ in range(25):
        turns, tools = conversation(random, family)
        # Some templates drop the words beside a call: that is not proven, and rightly so.
        turns = [replace(turn, content="") if turn.tool_calls else turn for turn in turns]
        row = Example(PLACE, tuple(turns), tools=tools)
        prover.prove(row, encoded(row, chat), is_thorough=True)
        proven += 1
    assert proven == 25


def begins_early(span_of: Encoded) -> Encoded:
    (first, *_) = spans_of(span_of)
    return weighted(span_of, first.start - 1, first.start, 1.0)


def begins_late(span_of: Encoded) -> Encoded:
    (first, *_) = spans_of(span_of)
    return weighted(span_of, first.start, first.start + 1, 0.0)


def ends_early(span_of: Encoded) -> Encoded:
    (first, *_) = spans_of(span_of)
    return weighted(span_of, first.end - 1, first.end, 0.0)


def ends_late(span_of: Encoded) -> Encoded:
    return Encoded(span_of.ids + span_of.ids[-3:-2], span_of.weights + array("f", [1.0]))


def learns_all(span_of: Encoded) -> Encoded:
    return weighted(span_of, 1, len(span_of), 1.0)


def learns_nothing(span_of: Encoded) -> Encoded:
    return weighted(span_of, 0, len(span_of), 0.0)


def learns_one_answer(span_of: Encoded) -> Encoded:
    (first, *_) = spans_of(span_of)
    return weighted(span_of, first.start, first.end, 0.0)


def changes_a_token(span_of: Encoded) -> Encoded:
    (first, *_) = spans_of(span_of)
    return with_other(span_of, first.start + 2)


def changes_a_word(span_of: Encoded) -> Encoded:
    (first, *_) = spans_of(span_of)
    return with_other(span_of, first.end - 3)


def changes_the_prompt(span_of: Encoded) -> Encoded:
    (first, *_) = spans_of(span_of)
    return with_other(span_of, first.start - 2)


def with_other(sequence: Encoded, place: int) -> Encoded:
    """Put another token in the place of one."""
    ids = array("i", sequence.ids)
    ids[place] = next(number for number in ids if number not in (ids[place], ids[0], ids[-1]))
    return replace(sequence, ids=ids)


FAULTS: dict[Callable[[Encoded], Encoded], str] = {
    begins_early: "something else than an answer|something else than a server",
    begins_late: "something else than an answer|something else than a server",
    ends_early: "the end of an answer",
    ends_late: "the end of an answer|not each answer",
    learns_all: "not each answer|something else than an answer|something else than a server",
    learns_nothing: "nothing is learned|not each answer",
    learns_one_answer: "not each answer",
    changes_a_token: "something else than an answer",
    changes_a_word: "something else than an answer",
    changes_the_prompt: "something else than a server|something else than an answer",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_planted_fault_is_found(family: Family, fault: Callable[[Encoded], Encoded]) -> None:
    chat = ChatTokenizer(tokenizer_of(family))
    first, *others = encoded(ROW, chat)
    with pytest.raises(Unproven, match=FAULTS[fault]):
        Prover(chat).prove(ROW, [fault(first), *others], is_thorough=True)


def test_a_fault_says_what_was_expected_and_what_was_found() -> None:
    chat = chat_of("chatml")
    (sequence,) = encoded(ROW, chat)
    with pytest.raises(Unproven) as found:
        Prover(chat).prove(ROW, [changes_a_word(sequence)], is_thorough=False)
    assert (found.value.wrong, found.value.expected) == (
        "something else than an answer is learned",
        "On its way.",
    )
    assert found.value.found not in ("", "On its way.")


def test_a_sequence_that_begins_twice_is_found() -> None:
    chat = chat_of("llama3")
    (sequence,) = encoded(ROW, chat)
    begin, nothing = array("i", [chat.begin_id or 0]), array("f", [0.0])
    twice = Encoded(begin + sequence.ids, nothing + sequence.weights)
    Prover(chat).prove(ROW, [sequence], is_thorough=True)
    with pytest.raises(Unproven, match="it begins twice"):
        Prover(chat).prove(ROW, [twice], is_thorough=False)


def test_padding_that_is_learned_is_found_unless_the_answer_says_it() -> None:
    chat = chat_of("qwen2")
    pad = chat.pad_id or 0
    (sequence,) = encoded(ROW, chat)
    (first, *_) = spans_of(sequence)
    padded = Encoded(
        sequence.ids[: first.start] + array("i", [pad]) + sequence.ids[first.start :],
        sequence.weights[: first.start] + array("f", [1.0]) + sequence.weights[first.start :],
    )
    with pytest.raises(Unproven, match="padding is learned"):
        Prover(chat).prove(ROW, [padded], is_thorough=False)
    said = Example(PLACE, (TURNS[0], Message("assistant", "It is <|endoftext|>.")))
    assert Prover(chat).prove(said, encoded(said, chat), is_thorough=True) == {"marked"}


def test_the_end_token_may_be_the_padding_token() -> None:
    chat = chat_of("olmo")
    assert chat.pad_id in chat.stop_ids
    assert Prover(chat).prove(ROW, encoded(ROW, chat), is_thorough=True) == set()


@pytest.mark.parametrize(
    ("name", "answer", "remarks"),
    [
        ("chatml", "Yes.", set()),
        ("chatml", " Yes.\n", set()),
        ("llama3", " Yes.\n", {"trimmed"}),
        ("llama2", "Yes.", set()),
        ("gemma", "\ufb01ne", {"changed"}),
        ("gemma", "fine", set()),
        ("gemma", "\U0001f642", {"changed"}),
        ("chatml", "Say <|im_end|> to stop.", {"marked"}),
        ("qwen3", "<think>Well.</think>Yes.", set()),
        ("deepseek_r1", "<think>Well.</think>Yes.", set()),
    ],
)
def test_what_is_true_of_an_answer_is_remarked(name: str, answer: str, remarks: set[str]) -> None:
    chat = chat_of(name)
    row = Example(PLACE, (TURNS[0], Message("assistant", answer)))
    assert Prover(chat).prove(row, encoded(row, chat), is_thorough=True) == remarks


CALL = ToolCall(
    "weather", '{"city": "S\u00e3o \\"Paulo\\"", "days": 3, "where": [{"zip": "01000"}]}', "abcdefghi"
)


@pytest.mark.parametrize("name", [family.name for family in FAMILIES if "tools" in family.takes])
@pytest.mark.parametrize("lost", ["weather", "Paulo", "3", "01000"])
def test_a_call_of_which_something_is_missing_is_found(name: str, lost: str) -> None:
    chat = chat_of(name)
    row = Example(PLACE, (TURNS[0], Message("assistant", "", tool_calls=(CALL,))))
    other = ToolCall(CALL.name.replace(lost, "x"), CALL.arguments.replace(lost, "9"), CALL.id)
    assert other != CALL
    prover = Prover(chat)
    prover.prove(row, encoded(row, chat), is_thorough=True)
    changed = replace(row, messages=(TURNS[0], Message("assistant", "", tool_calls=(other,))))
    with pytest.raises(Unproven, match="a part of a call is not learned"):
        prover.prove(row, encoded(changed, chat), is_thorough=False)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("chatml", Message("assistant", "Let me look.", tool_calls=(CALL,))),
        ("qwen2", Message("assistant", "", reasoning="Look it up.", tool_calls=(CALL,))),
    ],
)
def test_what_a_template_never_renders_is_left_to_another_check(name: str, answer: Message) -> None:
    chat = chat_of(name)
    row = Example(PLACE, (TURNS[0], answer))
    assert Prover(chat).prove(row, encoded(row, chat), is_thorough=True) == set()


def test_words_that_a_template_drops_beside_a_call_are_missed() -> None:
    chat = chat_of("mistral_v3")
    row = Example(PLACE, (TURNS[0], Message("assistant", "Let me look.", tool_calls=(CALL,))))
    with pytest.raises(Unproven, match="a part of a call is not learned"):
        Prover(chat).prove(row, encoded(row, chat), is_thorough=False)


def test_a_row_that_was_cut_off_is_proven_as_far_as_it_goes() -> None:
    chat = chat_of("chatml")
    (sequence,) = encoded(ROW, chat)
    for kept in (len(sequence) - 3, spans_of(sequence)[1].start):
        cut = Encoded(sequence.ids[:kept], sequence.weights[:kept], lost=len(sequence) - kept)
        remarks = Prover(chat).prove(ROW, [cut], is_thorough=True)
        assert remarks == ({"cut"} if kept > spans_of(sequence)[1].start else set())
    other = with_other(Encoded(sequence.ids[:-3], sequence.weights[:-3], lost=3), len(sequence) - 4)
    with pytest.raises(Unproven, match="something else than an answer"):
        Prover(chat).prove(ROW, [other], is_thorough=True)


def test_what_stands_behind_a_piece_that_was_cut_off_is_not_mistaken_for_it() -> None:
    chat = chat_of("qwen3")
    three = Example(PLACE, (*TURNS, Message("user", "Sure?"), Message("assistant", "Sure.")))
    first, second, third = encoded(three, chat)
    kept = spans_of(second)[0].start
    cut = Encoded(second.ids[:kept], second.weights[:kept], lost=len(second) - kept)
    assert Prover(chat).prove(three, [first, second, third], is_thorough=True) == set()
    both = Encoded(first.ids + second.ids[:4], first.weights + array("f", [0.0] * 4), lost=9)
    assert Prover(chat).prove(three, [both, third], is_thorough=True) == set()
    assert Prover(chat).prove(three, [first, cut, third], is_thorough=True) == set()
    with pytest.raises(Unproven, match="not each answer"):
        Prover(chat).prove(three, [first, third], is_thorough=True)


def test_answers_with_nothing_but_an_end_between_them_are_told_apart() -> None:
    alone = "{% for m in messages %}{{ m.content }}{{ '<|im_end|>' if m.role == 'assistant' }}{% endfor %}"
    chat = ChatTokenizer(tokenizer_of(replace(BY_NAME["chatml"], source=alone)))
    row = Example(PLACE, (TURNS[0], TURNS[1], TURNS[3]))
    (sequence,) = encoded(row, chat)
    assert len(spans_of(sequence)) == 1
    assert Prover(chat).prove(row, [sequence], is_thorough=True) == set()
    with pytest.raises(Unproven, match="something else than an answer"):
        Prover(chat).prove(replace(row, messages=(*TURNS[:2], TURNS[1])), [sequence], is_thorough=False)


def test_a_template_may_frame_answers_otherwise_where_there_is_a_system_turn() -> None:
    frames = (
        "{% for m in messages %}<|im_start|>"
        "{{ '(' if m.role == 'assistant' and messages[0].role == 'system' }}"
        "{{ m.content }}<|im_end|>{% endfor %}{% if add_generation_prompt %}<|im_start|>{% endif %}"
    )
    chat = ChatTokenizer(tokenizer_of(replace(BY_NAME["chatml"], source=frames)))
    row = Example(PLACE, (Message("system", "Be kind."), *TURNS))
    sequences = encoded(row, chat)
    assert "(On its way." in chat.spell(sequences[0].ids)
    assert Prover(chat).prove(row, sequences, is_thorough=True) == set()
    with pytest.raises(Unproven, match="something else than a server"):
        Prover(chat).prove(row, encoded(ROW, chat), is_thorough=True)


def test_a_row_with_nothing_to_learn_is_found() -> None:
    chat = chat_of("chatml")
    row = Example(PLACE, (TURNS[0], replace(TURNS[1], weight=0.0)))
    with pytest.raises(Unproven, match="nothing is learned"):
        Prover(chat).prove(row, encoded(row, chat), is_thorough=False)


def test_answers_of_weight_zero_are_not_missed() -> None:
    chat = chat_of("chatml")
    row = Example(PLACE, (TURNS[0], replace(TURNS[1], weight=0.0), *TURNS[2:]))
    assert Prover(chat).prove(row, encoded(row, chat), is_thorough=True) == set()
    with pytest.raises(Unproven, match="not each answer is learned once"):
        Prover(chat).prove(row, encoded(ROW, chat), is_thorough=False)


DOCUMENT = Example(PLACE, text="The kettle boils water, and the lantern gives light.")


@pytest.mark.parametrize("name", ["llama3", "qwen2", "gemma", "zephyr"])
@pytest.mark.parametrize("window", [5, 512])
def test_a_document_is_proven_window_by_window(name: str, window: int) -> None:
    chat = chat_of(name)
    windows = Text(window=window).encode(DOCUMENT, chat, LANGUAGE)
    assert Prover(chat).prove(DOCUMENT, windows, is_thorough=True) == set()
    cut = replace(windows[-1], ids=windows[-1].ids[:-1], weights=windows[-1].weights[:-1])
    with pytest.raises(Unproven, match="the end token is missing"):
        Prover(chat).prove(DOCUMENT, [*windows[:-1], cut], is_thorough=False)
    assert Prover(chat).prove(DOCUMENT, [*windows[:-1], replace(cut, lost=1)], is_thorough=False) == {"cut"}
    masked = weighted(windows[0], 0, 3, 0.0)
    with pytest.raises(Unproven, match="some of the text is not learned"):
        Prover(chat).prove(DOCUMENT, [masked, *windows[1:]], is_thorough=False)
    with pytest.raises(Unproven, match="the text is learned otherwise"):
        Prover(chat).prove(replace(DOCUMENT, text="Else."), windows, is_thorough=True)


def test_a_document_without_its_begin_token_is_found() -> None:
    chat = chat_of("llama3")
    (whole,) = Text(window=512).encode(DOCUMENT, chat, LANGUAGE)
    with pytest.raises(Unproven, match="the begin token is missing"):
        Prover(chat).prove(DOCUMENT, [Encoded(whole.ids[1:], whole.weights[:-1])], is_thorough=False)
