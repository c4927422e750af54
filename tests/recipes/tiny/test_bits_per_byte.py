"""Each token is scored once, and a model that knows nothing costs what it must."""

import json
import math
from pathlib import Path

import bits_per_byte
import pytest
import torch
from made_up import Built
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM


@pytest.fixture(scope="module")
def ignorant(start: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of zeros: every token is equally likely."""
    folder = tmp_path_factory.mktemp("ignorant")
    tokenizer = AutoTokenizer.from_pretrained(start)
    shape = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=8, intermediate_size=8, num_hidden_layers=1,
        num_attention_heads=1, max_position_embeddings=16,
    )  # fmt: skip
    network = LlamaForCausalLM(shape)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("context", [2, 5, 16])
@pytest.mark.parametrize("length", [1, 2, 3, 16, 17, 50])
def test_windows_score_every_position_but_the_first_once(length: int, context: int) -> None:
    scored: list[int] = []
    for start, end, first in bits_per_byte.windows(length, context):
        assert end - start <= context
        assert start < first
        scored += range(first, end)
    assert scored == list(range(1, length))


def test_a_model_that_knows_nothing_pays_the_same_for_every_token(ignorant: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(ignorant)
    text = "Ada found a kettle with <|end|> on it. " * 3
    tokens = len(tokenizer(text, split_special_tokens=True)["input_ids"])
    assert tokens > 40
    found = bits_per_byte.score_model(ignorant, [{"text": text, "source": "x"}])
    expected = tokens * math.log2(len(tokenizer)) / len(text)
    assert found == {"all": pytest.approx(expected), "x": pytest.approx(expected)}


def test_scores_agree_with_the_loss_transformers_computes(start: Path, tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(start)
    network = LlamaForCausalLM(LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=16, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=128,
    )).eval()  # fmt: skip
    text = "Cleo carried the lantern home."
    ids = torch.tensor([[tokenizer.bos_token_id, *tokenizer(text)["input_ids"]]])
    loss = float(network(input_ids=ids, labels=ids).loss.detach())
    found = bits_per_byte.text_bits(network, tokenizer, text)
    assert found == pytest.approx(loss * (ids.shape[1] - 1) / math.log(2), rel=1e-5)


def test_the_script_writes_baselines_and_the_model(built: Built, ignorant: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores.json"
    bits_per_byte.main(["--data", str(built.data), "--model", str(ignorant), "--out", str(out)])
    scores = json.loads(out.read_text(encoding="utf-8"))
    assert scores["documents"] == len(built.rows("heldout.jsonl"))
    assert scores["baselines"]["byte_5_gram"] < scores["baselines"]["byte_unigram"] < 8
    assert set(scores["model"]) == {"all"} | {row["source"] for row in built.rows("heldout.jsonl")}
