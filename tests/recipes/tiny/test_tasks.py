"""Conversations are well formed, short, and say what the documents say."""

from random import Random

import pytest
import tasks
from made_up import Built, rows_of
from texts import Document


def _answers(rows: list[dict[str, list[dict[str, str]]]]) -> list[dict[str, str]]:
    return [message for row in rows for message in row["messages"] if message["role"] == "assistant"]


def test_every_conversation_alternates_and_ends_with_an_answer(built: Built) -> None:
    rows = rows_of(built.data / "instruct.jsonl")
    assert len(rows) > 500
    for row in rows:
        roles = [message["role"] for message in row["messages"]]
        turns = roles[1:] if roles[0] == "system" else roles
        assert turns == ["user", "assistant"] * (len(turns) // 2)
        assert turns
        assert all(message["content"].strip() for message in row["messages"])


def test_no_conversation_is_too_long_or_given_twice(built: Built) -> None:
    rows = rows_of(built.data / "instruct.jsonl")
    sizes = [sum(len(turn["content"].encode()) for turn in row["messages"]) for row in rows]
    assert max(sizes) <= tasks.CONVERSATION_BYTES
    assert len({repr(row) for row in rows}) == len(rows)


def test_some_conversations_have_a_system_turn_and_some_two_questions(built: Built) -> None:
    rows = rows_of(built.data / "instruct.jsonl")
    with_system = sum(row["messages"][0]["role"] == "system" for row in rows)
    assert 0.2 < with_system / len(rows) < 0.4
    assert any(len(_answers([row])) == 2 for row in rows)


def test_every_source_takes_part(built: Built) -> None:
    import json

    found = json.loads((built.data / "sources.json").read_text(encoding="utf-8"))["instruct_rows"]
    assert set(found) == {*tasks.ROWS, "exchanges", "self_instruct"}


@pytest.mark.parametrize("seed", range(5))
def test_a_right_intent_is_among_the_choices(seed: int) -> None:
    documents = [Document("banking77", f"intent_{n % 7}", f"Question {n}?") for n in range(40)]
    given = tasks.conversations(documents, tasks.read_phrases(), seed)
    rows = [messages for source, messages in given if source == "banking77"]
    assert len(rows) == 40
    choices = [row for row in rows if row[-2]["content"].count("intent_") > 1]
    assert choices
    assert all(row[-1]["content"] in row[-2]["content"] for row in choices)


def test_a_continued_story_is_the_story() -> None:
    story = "One day it rained. Tom sat inside. He was sad. Then the sun came. Tom ran out. He was glad."
    phrases = tasks.read_phrases()
    seen = 0
    for seed in range(40):
        question, answer = tasks._story_question(story, phrases, Random(seed))
        if answer != story:
            seen += 1
            assert answer == "He was sad. Then the sun came. Tom ran out. He was glad."
            assert "One day it rained. Tom sat inside." in question
    assert seen


def test_facts_in_an_answer_are_those_of_the_question(built: Built) -> None:
    values = {value for found in tasks.read_phrases().facts.values() for value in found}
    checked = 0
    for row in rows_of(built.data / "instruct.jsonl"):
        question, answer = (turn["content"] for turn in row["messages"][-2:])
        if "thing: " in question:
            checked += 1
            words = set(answer.replace(",", " ").replace(".", " ").split()) & values
            assert words
            assert all(word in question for word in words)
    assert checked > 200


def test_the_same_seed_gives_the_same_conversations(built: Built) -> None:
    documents = [Document("gsm8k", f"It is {n}.", f"What is {n}?") for n in range(20)]
    phrases = tasks.read_phrases()
    assert tasks.conversations(documents, phrases, 3) == tasks.conversations(documents, phrases, 3)
    assert tasks.conversations(documents, phrases, 3) != tasks.conversations(documents, phrases, 4)
