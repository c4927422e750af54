import json
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tunesmith.core.example import Message
from tunesmith.data.source._columns import UNSET, recognise
from written_rows import (
    TOOLS,
    assistant,
    call,
    conversations,
    openai,
    read,
    refusal,
    texts,
    tool,
    transcript,
    user,
)

FIRST = {"prompt": "p", "chosen": "c", "rejected": "r"}
WHOLE = {"chosen": [user("p"), assistant("c")], "rejected": [user("p"), assistant("r")]}


@st.composite
def pairs(draw, **more):
    """Draw a prompt and two different answers to it, of which one may go on for several turns."""
    turns = draw(conversations(weight=0.0, **more))
    prompt, better = turns[:-1], turns[-1:]
    worse = (
        Message("assistant", draw(texts)),
        *draw(st.sampled_from([(), (Message("user", "u"), turns[-1])])),
    )
    assume(better != worse)
    return prompt, better, worse


def unweighted(turns):
    """Leave the weight of answers to the reader."""
    return [{key: value for key, value in row.items() if key != "weight"} for row in openai(turns)]


def holds(example, prompt, better, worse):
    return (example.messages, example.rejected) == ((*prompt, *better), worse)


@given(pairs(tools=True, reasoning=True))
def test_openai_s_preference_rows_are_read_as_they_were_written(pair):
    prompt, better, worse = pair
    asked = {"messages": openai(prompt), "tools": TOOLS, "parallel_tool_calls": True}
    for chosen in ("output", "completion"):
        row = {
            "input": asked,
            f"preferred_{chosen}": openai(better),
            f"non_preferred_{chosen}": openai(worse),
        }
        example = read(row)
        assert holds(example, *pair)
        assert (json.loads(example.tools), example.fields) == (TOOLS, {"parallel_tool_calls": True})


@given(pairs(reasoning=True))
def test_a_prompt_with_two_answers_is_read_as_it_was_written(pair):
    prompt, better, worse = pair
    row = {"prompt": openai(prompt), "chosen": openai(better), "rejected": openai(worse), "id": 1}
    assert holds(read(row), *pair)
    assert read(row).fields == {"id": 1}


@given(texts, texts, texts)
def test_three_texts_are_a_prompt_and_its_answers(prompt, chosen, rejected):
    assume(chosen != rejected)
    example = read({"prompt": prompt, "chosen": chosen, "rejected": rejected})
    assert holds(
        example,
        (Message("user", prompt),),
        (Message("assistant", chosen),),
        (Message("assistant", rejected),),
    )


@given(pairs(tools=True))
def test_two_conversations_share_what_they_begin_with(pair):
    prompt, better, worse = pair
    assume(better[0] != worse[0])
    row = {"chosen": unweighted((*prompt, *better)), "rejected": unweighted((*prompt, *worse))}
    called = tuple(replace(turn, weight=0.0) if turn.role == "assistant" else turn for turn in prompt)
    assert holds(read(row), called, better, worse)


@given(pairs().filter(lambda pair: pair[0][0].role == "user"))
def test_two_transcripts_share_what_they_begin_with(pair):
    prompt, better, worse = pair
    assume(better[0] != worse[0] and not any("\n\n" in turn.content for turn in (*prompt, *better, *worse)))
    row = {"chosen": transcript((*prompt, *better)), "rejected": transcript((*prompt, *worse))}
    assert recognise(row, UNSET).layout.name == "transcripts"
    assert holds(read(row), *pair)


def test_what_both_begin_with_is_not_learned():
    turns = [user(), assistant(), user()]
    told = "\n\nHuman: u\n\nAssistant: a\n\nHuman: u\n\nAssistant: "
    for row in (
        {"chosen": [*turns, assistant("c")], "rejected": [*turns, assistant("r")]},
        {"prompt": turns, "chosen": "c", "rejected": "r"},
        {"input": {"messages": turns}, "preferred_output": "c", "non_preferred_output": "r"},
        {"chosen": f"{told}c", "rejected": f"{told}r"},
    ):
        assert [turn.weight for turn in read(row).messages] == [1, 0, 1, 1]
        assert [turn.weight for turn in read(row).rejected] == [1]


def test_a_prompt_beside_whole_conversations_must_be_their_beginning():
    for prompt in ("p", [user("p")]):
        example = read({"prompt": prompt, **WHOLE, "score_chosen": 8.5})
        assert (example.prompt, example.fields) == ((Message("user", "p"),), {"score_chosen": 8.5})
    assert refusal({"prompt": "q", **WHOLE}) == (
        "no common prompt: 'prompt' is not what both conversations begin with. "
        "Let both conversations begin with the prompt, or leave the prompt's column out."
    )
    started = {name: [{"role": "system", "content": "s"}, *turns] for name, turns in WHOLE.items()}
    assert read({"prompt": "p", **started}).messages[0] == Message("system", "s")


def test_columns_beside_a_pair_are_read():
    beside = {"system": "s", "history": [["q", "r"]], "tools": TOOLS, "context": "x"}
    example = read({**FIRST, **beside})
    assert [turn.content for turn in example.messages] == ["s", "q", "r", "p\n\nx", "c"]
    assert json.loads(example.tools) == TOOLS
    whole = read({**WHOLE, "system": "s", "tools": TOOLS})
    assert [turn.content for turn in whole.messages] == ["s", "p", "c"]
    assert json.loads(whole.tools) == TOOLS
    asked = {"input": {"messages": [user("p")]}, "preferred_output": "c", "non_preferred_output": "r"}
    assert [turn.content for turn in read({**asked, **beside, "history": []}).messages] == [
        "s",
        "p\n\nx",
        "c",
    ]
    assert json.loads(read({**asked, "tools": TOOLS}).tools) == TOOLS


def test_answers_may_call_and_be_answered():
    answer = [assistant(None, tool_calls=[call()]), tool(), assistant("c")]
    row = {
        "input": {"messages": [user("p")]},
        "preferred_output": answer,
        "non_preferred_output": [assistant("r")],
    }
    assert [turn.role for turn in read(row).messages] == ["user", "assistant", "tool", "assistant"]


SAME = "Let both conversations begin with the same turns, the user's last, and go on with their answers."
OPENAI = {
    "input": {"messages": [user()]},
    "preferred_output": [assistant("c")],
    "non_preferred_output": [assistant("r")],
}


@pytest.mark.parametrize(
    ("row", "first", "message"),
    [
        (
            {**FIRST, "rejected": "c"},
            FIRST,
            "identical answers: 'chosen' and 'rejected' are the same. Remove the row.",
        ),
        (
            {**WHOLE, "rejected": WHOLE["chosen"]},
            WHOLE,
            "identical answers: 'chosen' and 'rejected' are the same. Remove the row.",
        ),
        ({**FIRST, "chosen": ""}, FIRST, "empty answer: 'chosen' is ''. Write the text, or remove the row."),
        (
            {**FIRST, "rejected": None},
            FIRST,
            "empty answer: 'rejected' is null. Write the text, or remove the row.",
        ),
        (
            {**FIRST, "rejected": []},
            FIRST,
            "empty answer: 'rejected' ends where the prompt ends. Write the answer, or remove the row.",
        ),
        (
            {**WHOLE, "rejected": [user("p")]},
            WHOLE,
            "empty answer: 'rejected' ends where the prompt ends. Write the answer, or remove the row.",
        ),
        (
            {**WHOLE, "rejected": [user("q"), assistant("r")]},
            WHOLE,
            f"no common prompt: 'chosen' and 'rejected' begin with different turns. {SAME}",
        ),
        (
            {
                "chosen": [*WHOLE["chosen"], user("v"), assistant("d")],
                "rejected": [*WHOLE["chosen"], user("w"), assistant("d")],
            },
            WHOLE,
            f"no common prompt: 'chosen' goes on with a turn that is user. {SAME}",
        ),
        (
            {**WHOLE, "rejected": "r"},
            WHOLE,
            "no common prompt: 'rejected' is text, and no column holds the prompt. "
            "Name the prompt's column: data.source.columns.prompt=...",
        ),
        (
            {**FIRST, "rejected": [user("x")]},
            FIRST,
            f"no common prompt: 'rejected' goes on with a turn that is user. {SAME}",
        ),
        (
            {**WHOLE, "rejected": [user("p"), assistant("r"), user("v")]},
            WHOLE,
            "wrong role order: 'rejected': the last turn, 3, is user. Order the turns: system",
        ),
        (
            {**WHOLE, "chosen": [user("p"), assistant("c"), assistant("d")]},
            WHOLE,
            "wrong role order: 'chosen': turn 3 is assistant, not user. Order the turns",
        ),
        (
            {**WHOLE, "chosen": [user("p"), assistant(3)]},
            WHOLE,
            "wrong type: 'chosen', turn 2 is a number: 3. Write it as one text in quotes.",
        ),
        (
            {**WHOLE, "rejected": [user("p"), assistant("")]},
            WHOLE,
            "empty answer: 'rejected', turn 2 is ''. Write the text, or remove the row.",
        ),
        (
            {**FIRST, "prompt": []},
            FIRST,
            "empty prompt: 'prompt' is an empty list. Write at least the user's turn.",
        ),
        (
            {**FIRST, "chosen": "\n\nHuman: p\n\nAssistant: c"},
            FIRST,
            "a transcript: 'chosen' begins with '\\n\\nHuman: p\\n\\nAssistan'. "
            "Have both read as whole conversations: data.source.columns.shape=transcripts.",
        ),
        (
            {**FIRST, "prompt": "\n\nHuman: p\n\nAssistant:"},
            FIRST,
            "a transcript: 'prompt' begins with '\\n\\nHuman: p\\n\\nAssistan'. "
            "Have both read as whole conversations: data.source.columns.shape=transcripts.",
        ),
        (
            {**OPENAI, "input": {"messages": [user()], "seed": 3}},
            OPENAI,
            "unknown key: 'input' has 'seed'. Keep messages, tools, parallel_tool_calls there.",
        ),
        (
            {**OPENAI, "non_preferred_output": [assistant("r", weight=0)]}
            | {"input": {"messages": [user(), assistant("x", weight=1), user()]}},
            OPENAI,
            "nothing to train: 'non_preferred_output' has weight 0. Remove the weight, or the row.",
        ),
        (
            {**OPENAI, "input": {}},
            OPENAI,
            "wrong type: 'input', 'messages' is null: None. Write a list of messages.",
        ),
        (
            {**OPENAI, "input": {"messages": [user()], "tools": 7}},
            OPENAI,
            "wrong type: 'input', 'tools' is a number: 7. Write a list of functions.",
        ),
        (
            {**OPENAI, "non_preferred_output": [assistant(None, tool_calls=[call("x")])]}
            | {"input": {"messages": [user()], "tools": TOOLS}},
            OPENAI,
            "unknown tool: 'non_preferred_output': turn 2 calls 'x', but there are only 'f', 'g', 'h'.",
        ),
    ],
)
def test_a_row_that_is_no_pair_is_named(row, first, message):
    assert refusal(row, first).startswith(message)


def test_the_prompt_may_be_the_beginning_of_both_transcripts():
    row = {"prompt": "\n\nHuman: p\n\nAssistant:", "chosen": " c", "rejected": " r"}
    assert recognise(row, UNSET).layout.name == "transcripts"
    assert read(row).messages == (Message("user", "p"), Message("assistant", "c"))
    assert read(row).rejected == (Message("assistant", "r"),)
    assert refusal({**row, "chosen": None}, row) == (
        "empty answer: 'chosen' is null. Write the text, or remove the row."
    )
    assert refusal({**row, "prompt": 3}, row).startswith("wrong type: 'prompt' is a number: 3.")
    assert recognise({**row, "context": "x"}, UNSET).layout.name == "pairs"


def test_transcripts_that_are_no_pair_are_named():
    good = "\n\nHuman: p\n\nAssistant: c"
    first = {"chosen": good, "rejected": good.replace("c", "r")}
    assert refusal({**first, "rejected": good}, first).startswith(
        "identical answers: 'chosen' and 'rejected'"
    )
    assert refusal({**first, "rejected": good[:-1]}, first) == (
        "empty answer: 'rejected', turn 2 is ''. Write the text, or remove the row."
    )
    assert refusal({**first, "rejected": "r"}, first) == (
        "not a transcript: 'rejected' begins with 'r'. Begin with '\\n\\nHuman:'."
    )
    other = {**first, "rejected": good.replace("p", "q")}
    assert (
        refusal(other, first)
        == f"no common prompt: 'chosen' and 'rejected' begin with different turns. {SAME}"
    )
    twice = {**first, "rejected": f"{good}\n\nAssistant: d"}
    assert refusal(twice, first).startswith("empty answer: 'chosen' ends where the prompt ends.")
    assert refusal({**twice, "chosen": f"{good}!"}, first).startswith(
        "wrong role order: 'rejected': turn 3 is"
    )
