"""What is learned of a conversation is what an independent reading of its template says, family by family.

`TUNESMITH_CONVERSATIONS=1000` asks for that many conversations of each family.
"""

import os
from dataclasses import replace
from random import Random

import pytest

from chat_templates.conversations import conversation, text
from chat_templates.families import FAMILIES, Family
from chat_templates.oracle import Oracle
from chat_templates.small_tokenizers import tokenizer_of
from tunesmith.core.cards import Encoded
from tunesmith.core.example import Message
from tunesmith.model.chat import ChatTokenizer

CONVERSATIONS = int(os.environ.get("TUNESMITH_CONVERSATIONS", "60"))

every_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


def conversations(family: Family) -> list[tuple[list[Message], str]]:
    random = Random(family.name)
    return [conversation(random, family) for _ in range(CONVERSATIONS)]


def learned(sequences: list[Encoded]) -> list[list[int]]:
    """Give the ids of each learned span."""
    spans: list[list[int]] = []
    for sequence in sequences:
        before = 0.0
        for number, weight in zip(sequence.ids, sequence.weights, strict=True):
            if weight and not before:
                spans.append([])
            if weight:
                spans[-1].append(number)
            before = weight
    return spans


@every_family
def test_ids_and_weights_are_the_oracle_s_and_every_prompt_is_as_served(family: Family) -> None:
    chat, oracle = ChatTokenizer(tokenizer_of(family)), Oracle(family)
    answers = 0
    for turns, tools in conversations(family):
        found = chat.encode_conversation(turns, tools)
        assert [(list(one.ids), list(one.weights)) for one in found] == oracle.sequences(turns, tools)
        places = [place for place, turn in enumerate(turns) if turn.role == "assistant" and turn.weight]
        prompts = [list(chat.encode_prompt(turns[:place], tools)) for place in places]
        assert prompts == [oracle.prompt(turns[:place], tools) for place in places]
        for prompt in prompts:
            assert any(list(one.ids[: len(prompt)]) == prompt for one in found)
        answers += len(places)
    assert answers >= CONVERSATIONS


@every_family
def test_what_is_learned_of_a_turn_does_not_depend_on_the_words_around_it(family: Family) -> None:
    chat, random = ChatTokenizer(tokenizer_of(family)), Random(f"other {family.name}")
    changed = 0
    for turns, tools in conversations(family)[: CONVERSATIONS // 3]:
        others = [
            turn if turn.role == "assistant" else replace(turn, content=text(random, family))
            for turn in turns
        ]
        changed += others != turns
        assert learned(chat.encode_conversation(others, tools)) == learned(
            chat.encode_conversation(turns, tools)
        )
    assert changed


@every_family
def test_it_renders_as_transformers_does_and_tokenises_as_the_tokenizer_does(family: Family) -> None:
    tokenizer = tokenizer_of(family)
    chat, oracle = ChatTokenizer(tokenizer), Oracle(family)
    for turns, _ in conversations(family)[: CONVERSATIONS // 3]:
        if turns[-1].role == "assistant":
            turns.pop()
        rendered = tokenizer.apply_chat_template(
            chat._renderer.turns(turns), tools=None, tokenize=False, add_generation_prompt=True
        )
        ids = tokenizer.encode(rendered, add_special_tokens=False)
        assert list(chat.encode_prompt(turns)) == ids
        assert ids.count(tokenizer.bos_token_id) == oracle.prompt(turns, "").count(tokenizer.bos_token_id)


def test_every_family_was_tried() -> None:
    assert len(FAMILIES) >= 18
    assert {family.tokenizer for family in FAMILIES} == {
        *("bytes", "spaced bytes", "metaspace", "old metaspace", "unigram")
    }
    assert sum(family.pad == family.end for family in FAMILIES) >= 5
    assert sum(family.adds_begin for family in FAMILIES) >= 5
