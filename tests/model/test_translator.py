"""A sequence-to-sequence model writes the same for each text, in the order given, whatever is beside it."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

from tunesmith.core.errors import BadBase
from tunesmith.model.translator import load_translator


def build(folder: Path) -> Path:
    """Write a random T5 that knows the letters."""
    import torch

    letters = ["<pad>", "</s>", "<unk>", *"abcdefghijklmnopqrstuvwxyz "]
    own = Tokenizer(
        models.WordLevel({letter: number for number, letter in enumerate(letters)}, unk_token="<unk>")
    )
    own.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=own, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=len(letters),
        d_model=16,
        d_kv=8,
        d_ff=32,
        num_layers=1,
        num_heads=2,
        decoder_start_token_id=0,
        initializer_factor=9.0,
    )
    network = T5ForConditionalGeneration(config)
    network.generation_config.suppress_tokens = [0, 1, 2]  # a random network would end at once
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_texts_are_written_in_order_and_do_not_depend_on_their_neighbours(tmp_path: Path) -> None:
    translator = load_translator(build(tmp_path / "t5"))
    texts = [
        "a long text about nothing at all",
        "b",
        "some text",
        *(f"text {letter}" for letter in "cdefghijklmnopq"),
    ]
    together = translator.translate(texts, 8)
    assert len(together) == len(texts)
    assert together == [translator.translate([text], 8)[0] for text in texts]
    assert len(set(together)) > 1
    assert translator.translate([], 8) == []


def test_what_is_no_such_model_is_refused(tiny_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadBase, match="cannot be loaded as a sequence-to-sequence model"):
        load_translator(tiny_folder)
    folder = build(tmp_path / "t5")
    (folder / "model.safetensors").unlink()
    with pytest.raises(BadBase):
        load_translator(folder)
