from dataclasses import replace
from random import Random
from typing import Any

import pytest
from tokenizers import AddedToken

from chat_templates.conversations import text
from chat_templates.families import FAMILIES, Family
from chat_templates.small_tokenizers import tokenizer_of
from tunesmith.model import pieces
from tunesmith.model.pieces import Pieces

BY_NAME = {family.name: family for family in FAMILIES}


def of(family: Family, sample: str = "") -> Pieces:
    return Pieces(tokenizer_of(family), sample or "".join(family.specials))


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_pieces_together_are_what_the_tokenizer_gives_for_the_whole(family: Family) -> None:
    random, tokenizer, whole = Random(family.name), tokenizer_of(family), of(family)
    for _ in range(150):
        said = "".join(
            random.choice((text(random, family), random.choice(family.specials))) for _ in range(6)
        )
        assert list(whole.encode(said)) == tokenizer.encode(said, add_special_tokens=False)


def test_a_text_is_cut_at_special_tokens_and_each_piece_is_tokenised_once(monkeypatch: Any) -> None:
    found, seen = of(BY_NAME["chatml"]), list[str]()
    backend = found.backend

    class Counting:
        def encode_batch_fast(self, texts: list[str], **options: Any) -> Any:
            seen.extend(texts)
            return backend.encode_batch_fast(texts, **options)

    first = found.encode("<|im_start|>user\nHi<|im_end|>")
    monkeypatch.setitem(vars(found), "backend", Counting())
    assert found.encode("<|im_start|>user\nHi<|im_end|>") == first
    assert seen == []
    found.encode("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello")
    assert seen == ["\n", "assistant\nHello"]


def test_what_is_remembered_is_forgotten_before_it_is_too_much(monkeypatch: Any) -> None:
    found = of(BY_NAME["chatml"])
    monkeypatch.setattr(pieces, "MOST_CHARACTERS", 30)
    ids = [found.encode(f"{number:020}") for number in range(9)]
    assert len(found._known) == 1
    assert ids == [found.encode(f"{number:020}") for number in range(9)]


@pytest.mark.parametrize(
    ("other", "borders"),
    [
        (AddedToken("x<|im_end|>", normalized=False), ["<|im_start|>"]),
        (AddedToken("x<|im_e", normalized=False), ["<|im_start|>"]),
        (AddedToken("<|im_end|>x", normalized=False), ["<|im_start|>"]),
        (AddedToken("x<|", normalized=False), []),
    ],
)
def test_a_token_whose_letters_another_takes_is_no_border(other: AddedToken, borders: list[str]) -> None:
    tokenizer = tokenizer_of(replace(BY_NAME["chatml"], source=f"besides {other.content}"))
    tokenizer.add_tokens([other])
    found = Pieces(tokenizer, "<|im_start|><|im_end|>")
    said = "<|im_start|>ax<|im_end|>x"
    assert list(found.encode(said)) == tokenizer.encode(said, add_special_tokens=False)
    assert list(found._borders) == borders


@pytest.mark.parametrize("habit", ["lstrip", "rstrip", "single_word", "normalized"])
def test_a_token_that_takes_or_wants_neighbours_is_no_border(habit: str) -> None:
    tokenizer = tokenizer_of(replace(BY_NAME["chatml"], source=habit))
    tokenizer.add_tokens([AddedToken("<|odd|>", **{"normalized": False} | {habit: True})])
    found = Pieces(tokenizer, "<|odd|><|im_end|>")
    for said in ("a <|odd|> b", "a<|odd|>b", " <|odd|>"):
        assert list(found.encode(said)) == tokenizer.encode(said, add_special_tokens=False)
    assert list(found._borders) == ["<|im_end|>"]


def test_a_tokenizer_that_splits_special_tokens_has_no_borders() -> None:
    tokenizer = tokenizer_of(replace(BY_NAME["chatml"], source="splits"))
    tokenizer.split_special_tokens = True
    found = Pieces(tokenizer, "<|im_end|>")
    said = "a<|im_end|>"
    assert list(found.encode(said)) == tokenizer.encode(said, add_special_tokens=False)
    assert tokenizer.eos_token_id not in found.encode(said)


def test_limits_that_come_with_a_tokenizer_neither_shorten_nor_fill_a_text() -> None:
    tokenizer = tokenizer_of(replace(BY_NAME["chatml"], source="limited"))
    tokenizer.backend_tokenizer.enable_truncation(2)
    tokenizer.backend_tokenizer.enable_padding(length=9)
    for said in ("a", "a b c d"):
        assert Pieces(tokenizer, "").encode(said) == of(BY_NAME["chatml"]).encode(said)


@pytest.mark.parametrize(
    ("name", "before", "answer"),
    [
        ("chatml", "<|im_start|>assistant\n", "\n see"),
        ("zephyr", "see http", "://a"),
        ("zephyr", "<|assistant|>\n", "\nsee"),
        ("alpaca", "### Response:\n", "\n\n x"),
        ("llama2", "[INST] Hi [/INST]", "]"),
        ("vicuna", "ASSISTANT: http", "://a"),
        ("gemma", "<start_of_turn>model\n", "\n\nx"),
        ("mistral_v1", "a 's", "tay"),
    ],
)
def test_an_answer_that_merges_with_its_prompt_follows_it_all_the_same(
    name: str, before: str, answer: str
) -> None:
    found = of(BY_NAME[name])
    prompt = found.encode(before)
    ids = found.encode_behind(answer, before, prompt)
    decode = found.backend.decode
    assert decode(list(prompt + ids), skip_special_tokens=False) == decode(
        list(found.encode(before + answer)), skip_special_tokens=False
    )
    assert len(ids)


def test_some_of_those_answers_do_merge() -> None:
    found = of(BY_NAME["zephyr"])
    prompt, together = found.encode("see http"), found.encode("see http://a")
    assert together[: len(prompt)] != prompt
    assert prompt + found.encode_behind("://a", "see http", prompt) != together
