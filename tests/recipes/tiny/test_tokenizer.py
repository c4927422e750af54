"""Any text comes back, digits stand alone, and the ids of a prompt begin the conversation it grows into."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import tokenizer as script
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

ROLES = st.sampled_from(["system", "user", "assistant"])
TURN = st.fixed_dictionaries({"role": ROLES, "content": st.text()})


@cache
def _small() -> Tokenizer:
    return script.train(["A small text about 12 boxes and 345 bags.", "Grüße, 世界!"] * 20, 400)


@pytest.fixture(scope="module")
def loaded(start: Path) -> Any:
    return AutoTokenizer.from_pretrained(start)


@settings(deadline=None)
@given(st.text())
def test_any_text_comes_back_unchanged(text: str) -> None:
    found = _small().encode(text, add_special_tokens=False)
    assert _small().decode(found.ids, skip_special_tokens=False) == text


@settings(deadline=None)
@given(st.text(alphabet="0123456789 ab"))
def test_every_digit_is_its_own_token(text: str) -> None:
    for token in _small().encode(text).tokens:
        assert len(token) == 1 or not any(letter.isdigit() for letter in token)


def test_transformers_loads_the_same_fast_tokenizer(start: Path, loaded: Any) -> None:
    raw = Tokenizer.from_file(str(start / "tokenizer.json"))
    text = "Ada found 12 kettles; it's  fine.\n\n\tÄpfel 世界"
    assert loaded.is_fast
    assert loaded(text)["input_ids"] == raw.encode(text).ids
    assert loaded.decode(loaded(text)["input_ids"]) == text
    assert (loaded.bos_token, loaded.eos_token, loaded.pad_token) == (script.BEGIN, script.END, script.PAD)
    assert loaded.unk_token is None
    assert loaded.model_max_length == script.CONTEXT


def test_the_template_keeps_contents_and_ends_every_turn(loaded: Any) -> None:
    turns = [{"role": "user", "content": " Hi\n"}, {"role": "assistant", "content": "Hello!"}]
    whole = loaded.apply_chat_template(turns, tokenize=False)
    assert whole == "<|begin|><|user|> Hi\n<|end|><|assistant|>Hello!<|end|>"
    prompt = loaded.apply_chat_template(turns[:1], tokenize=False, add_generation_prompt=True)
    assert prompt == "<|begin|><|user|> Hi\n<|end|><|assistant|>"


def test_only_answers_and_their_ends_are_marked_as_generated(loaded: Any) -> None:
    turns = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello!"},
    ]
    found = loaded.apply_chat_template(turns, return_dict=True, return_assistant_tokens_mask=True)
    marked = [i for i, mark in zip(found["input_ids"], found["assistant_masks"], strict=True) if mark]
    assert loaded.decode(marked) == "Hello!<|end|>"


@settings(deadline=None)
@given(turns=st.lists(TURN, min_size=1, max_size=4), answer=st.text())
def test_the_ids_of_a_prompt_begin_the_ids_of_the_conversation(
    loaded: Any, turns: list[dict[str, str]], answer: str
) -> None:
    whole = [*turns, {"role": "assistant", "content": answer}]
    prompt = loaded.apply_chat_template(turns, add_generation_prompt=True, return_dict=False)
    ids = loaded.apply_chat_template(whole, return_dict=False)
    assert ids[: len(prompt)] == prompt


def test_an_unknown_role_is_refused(loaded: Any) -> None:
    with pytest.raises(Exception, match="found tool"):
        loaded.apply_chat_template([{"role": "tool", "content": "x"}])


def test_special_tokens_in_a_text_are_plain_text_only_when_asked(loaded: Any) -> None:
    text = "a <|end|> b"
    assert loaded.eos_token_id in loaded(text)["input_ids"]
    plain = loaded(text, split_special_tokens=True)["input_ids"]
    assert loaded.eos_token_id not in plain
    assert loaded.decode(plain) == text


def test_the_config_makes_a_network_that_fits_the_tokenizer(start: Path, loaded: Any) -> None:
    network = LlamaForCausalLM(LlamaConfig.from_pretrained(start))
    assert network.get_input_embeddings().weight.shape[0] == len(loaded)
    assert network.config.max_position_embeddings == script.CONTEXT
    assert network.lm_head.weight is network.get_input_embeddings().weight
    assert network.generation_config.eos_token_id == loaded.eos_token_id


def test_a_conversation_beyond_the_context_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pretrain.jsonl").write_text('{"text": "A text."}\n', encoding="utf-8")
    turns = [{"role": "user", "content": "1" * 1_100}, {"role": "assistant", "content": "no"}]
    (tmp_path / "instruct.jsonl").write_text(json.dumps({"messages": turns}), encoding="utf-8")
    with pytest.raises(SystemExit, match="longer than the context"):
        script.main(["--data", str(tmp_path), "--out", str(tmp_path / "start"), "--vocabulary", "300"])
