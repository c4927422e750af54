"""Small real encoders, encoder-decoders and their tokenizers, built in under a second: never downloaded."""

from pathlib import Path
from typing import Any

import pytest
from transformers import AutoConfig, PreTrainedModel

from tunesmith.core.task import LANGUAGE, Family, Task

WORDS = 96
_TOKENS = {"vocab_size": WORDS, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
_SHAPE = _TOKENS | {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 128,
}
_CALM = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0, "hidden_dropout_prob": 0.0}
_CALM |= {"attention_probs_dropout_prob": 0.0, "classifier_dropout": 0.0, "dropout_rate": 0.0, "dropout": 0.0}

READERS: dict[str, tuple[Family, dict[str, Any]]] = {
    "bert": ("encoder", _SHAPE),
    "roberta": ("encoder", _SHAPE | {"pad_token_id": 1, "bos_token_id": 0}),  # positions begin behind padding
    "distilbert": ("encoder", _TOKENS | {"dim": 32, "hidden_dim": 64, "n_layers": 2, "n_heads": 4}),
    "deberta-v2": ("encoder", _SHAPE | {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]}),
    "modernbert": (  # every other layer sees neighbours only
        "encoder",
        _SHAPE
        | {"cls_token_id": 1, "sep_token_id": 2, "global_attn_every_n_layers": 2, "local_attention": 20},
    ),
    "albert": ("encoder", _SHAPE | {"embedding_size": 32}),  # its pooler looks at all states
    "llama": ("decoder", _SHAPE | {"num_key_value_heads": 2}),
    "gpt2": ("decoder", _TOKENS | {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 128}),
    "t5": (
        "encoder-decoder",
        _TOKENS
        | {
            "d_model": 32,
            "d_ff": 64,
            "num_layers": 2,
            "num_heads": 4,
            "d_kv": 8,
            "decoder_start_token_id": 0,
        },
    ),
    "bart": (
        "encoder-decoder",
        _TOKENS
        | {"d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "decoder_start_token_id": 2}
        | {"encoder_attention_heads": 4, "decoder_attention_heads": 4}
        | {"encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "max_position_embeddings": 128},
    ),
}
TASKS: dict[str, Task] = {
    "language": LANGUAGE,
    "classes": Task("classes", ("red", "green", "blue")),
    "several": Task("classes", ("red", "green", "blue"), several=True),
    "number": Task("number", mean=4.0, spread=2.0),
    "tags": Task("tags", ("O", "B", "I")),
}
_BODIES = {"encoder": "MaskedLM", "decoder": "CausalLM", "encoder-decoder": "Seq2SeqLM"}
_HEADS = {"classes": "Sequence", "number": "Sequence", "tags": "Token"}


def reader_of(architecture: str, task: Task = LANGUAGE, **options: Any) -> PreTrainedModel:
    """Build a small random network for evaluation; nothing in it is dropped at random while it learns."""
    import torch
    import transformers

    family, shape = READERS[architecture]
    config = AutoConfig.for_model(architecture, **(_CALM | shape | options))
    if task.labels:
        config.id2label = dict(enumerate(task.labels))
    if task.says == "number":
        config.num_labels = 1
    name = _BODIES[family] if task == LANGUAGE else f"{_HEADS[task.says]}Classification"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        network = getattr(transformers, f"AutoModelFor{name}").from_config(config)
        for parameter in network.parameters():  # so large that attention and norms matter
            if parameter.dim() > 1:
                torch.nn.init.normal_(parameter.data, std=parameter.shape[-1] ** -0.5)
    return network.eval()


def build_tiny_bert(folder: Path, architecture: str = "bert") -> None:
    """Write a random encoder with its head for hidden words, and a tokenizer of small words."""
    reader_of(architecture).save_pretrained(folder)
    build_word_tokenizer(folder, ("[PAD]", "[CLS]", "[SEP]", "[MASK]", "[UNK]"))


def build_tiny_t5(folder: Path) -> None:
    """Write a random encoder-decoder and a tokenizer of small words."""
    reader_of("t5", eos_token_id=2).save_pretrained(folder)
    build_word_tokenizer(folder, ("<pad>", "<s>", "</s>", "<mask>", "<unk>"))


def build_word_tokenizer(folder: Path, specials: tuple[str, str, str, str, str]) -> None:
    """Write a tokenizer that knows some words; specials: padding, beginning, end, mask, unknown."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    pad, begin, end, mask, unknown = specials
    words = ["the", "a", "is", "it", "my", "your", "card", "where", "order", "lost", "late", "blue"]
    words += ["red", "green", "good", "bad", "shop", "not"]
    vocabulary = {word: number for number, word in enumerate((*specials, *words))}
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token=unknown))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    is_bert = begin == "[CLS]"
    single = f"{begin} $A {end}" if is_bert else f"$A {end}"
    pair = f"{single} $B:1 {end}:1" if is_bert else f"{single} $B {end}"
    numbers = [(begin, 1), (end, 2)]
    backend.post_processor = processors.TemplateProcessing(single=single, pair=pair, special_tokens=numbers)
    named = {"cls_token": begin, "sep_token": end} if is_bert else {"eos_token": end}
    PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token=pad,
        mask_token=mask,
        unk_token=unknown,
        model_max_length=64,
        **named,
    ).save_pretrained(folder)


@pytest.fixture(scope="session")
def bert_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a random BERT and its tokenizer; do not write to it."""
    folder = tmp_path_factory.mktemp("readers") / "tiny-bert"
    build_tiny_bert(folder)
    return folder


@pytest.fixture(scope="session")
def t5_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a random T5 and its tokenizer; do not write to it."""
    folder = tmp_path_factory.mktemp("readers") / "tiny-t5"
    build_tiny_t5(folder)
    return folder
