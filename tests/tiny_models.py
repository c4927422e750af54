"""Small real models, built from a configuration in under a second: never downloaded, never mocked."""

from pathlib import Path

import pytest

from tunesmith.core.cards import Model

SPECIALS = ("<|pad|>", "<|begin|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>")

CHAT_TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}{{ eos_token }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)

LESSON = (
    "The kettle boils water. The lantern gives light. The blanket keeps you warm.",
    "Where is my order? Your order is on its way. Thank you for your patience.",
    "Write a description of the mug: it holds what you love and keeps it warm.",
)
"""What the tokenizer learns its few merges from."""

CONTEXT = 256


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a random two-layer Llama, its tokenizer and template; do not write to it."""
    folder = tmp_path_factory.mktemp("tiny") / "tiny-llama"
    build_tiny_llama(folder)
    return folder


@pytest.fixture
def tiny_model(tiny_folder: Path) -> Model:
    """Give the model of `tiny_folder`, freshly loaded, so that a test may change its weights."""
    from tunesmith.model.load import load

    return load("tiny-llama", tiny_folder)


def build_tiny_llama(folder: Path, seed: int = 0) -> None:
    """Write a random Llama of about 40,000 parameters: hidden size 32, 2 layers, 300 tokens, context 256."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    build_tiny_tokenizer(folder)
    config = LlamaConfig(
        vocab_size=300,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=False,
        pad_token_id=SPECIALS.index("<|pad|>"),
        bos_token_id=SPECIALS.index("<|begin|>"),
        eos_token_id=SPECIALS.index("<|end|>"),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = LlamaForCausalLM(config)
    network.save_pretrained(folder)


def build_tiny_tokenizer(folder: Path) -> None:
    """Write a byte-level tokenizer of 300 tokens, trained on a few sentences: any text survives it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=list(SPECIALS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(LESSON, trainer)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<|pad|>",
        bos_token="<|begin|>",
        eos_token="<|end|>",
        chat_template=CHAT_TEMPLATE,
        model_max_length=CONTEXT,
    ).save_pretrained(folder)
