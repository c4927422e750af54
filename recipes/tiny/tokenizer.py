"""Train the tokenizer of `tiny` and write everything of the model but its weights.

    python recipes/tiny/tokenizer.py --data build/tiny --out build/tiny/start

Reads pretrain.jsonl and instruct.jsonl, writes tokenizer.json, tokenizer_config.json, chat_template.jinja,
config.json and generation_config.json, and fails if a conversation is longer than the model's context.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

VOCABULARY = 4_096
CONTEXT = 1_024
BEGIN, END, PAD = "<|begin|>", "<|end|>", "<|pad|>"
ROLES = ("system", "user", "assistant")
SPECIALS = (PAD, BEGIN, END, *(f"<|{role}|>" for role in ROLES))

# A turn is its role's token, the content exactly as given, and the end token. Every border is a special
# token, which no byte pair can cross: the ids of a prompt are always the first ids of what it grows into.
CHAT_TEMPLATE = """\
{{- bos_token -}}
{%- for message in messages -%}
{%- if message.role not in ["system", "user", "assistant"] -%}
{{- raise_exception("A message's role is one of system, user, assistant; found " + message.role) -}}
{%- endif -%}
{{- "<|" + message.role + "|>" -}}
{%- if message.role == "assistant" -%}
{%- generation -%}{{- message.content + eos_token -}}{%- endgeneration -%}
{%- else -%}
{{- message.content + eos_token -}}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- "<|assistant|>" -}}{%- endif -%}
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, write, check lengths, and say what was found."""
    parser = argparse.ArgumentParser(description="Train the tokenizer of tiny.")
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with pretrain.jsonl and instruct.jsonl"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--vocabulary", type=int, default=VOCABULARY, help="entries, special tokens included")
    given = parser.parse_args(arguments)
    tokenizer = train(texts_of(given.data), given.vocabulary)
    write_start(tokenizer, given.out)
    found = lengths(tokenizer, given.data)
    sys.stdout.write(json.dumps({"vocabulary": tokenizer.get_vocab_size(), **found}, indent=2) + "\n")
    if found["instruct"]["longest"] > CONTEXT:
        raise SystemExit(f"A row of instruct.jsonl is longer than the context of {CONTEXT} tokens.")


def texts_of(folder: Path) -> Iterator[str]:
    """Give every text a model will be trained on."""
    for row in _rows(folder / "pretrain.jsonl"):
        yield row["text"]
    for row in _rows(folder / "instruct.jsonl"):
        yield from (message["content"] for message in row["messages"])


def train(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Learn byte-level byte pairs: any text has ids and comes back unchanged; every digit stands alone."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
    ])  # fmt: skip
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocabulary,
            min_frequency=2,
            special_tokens=[AddedToken(token, normalized=False, special=True) for token in SPECIALS],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            max_token_length=16,
            show_progress=False,
        ),
    )
    return tokenizer


def write_start(tokenizer: Tokenizer, folder: Path) -> None:
    """Write what `from_pretrained` reads, except weights."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    _write_json(folder / "tokenizer_config.json", tokenizer_options())
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE, encoding="utf-8")
    _write_json(folder / "config.json", architecture(tokenizer.get_vocab_size()))
    _write_json(folder / "generation_config.json", _special_ids())


def tokenizer_options() -> dict[str, Any]:
    """Say how transformers loads tokenizer.json."""
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": BEGIN,
        "eos_token": END,
        "pad_token": PAD,
        "model_max_length": CONTEXT,
        "padding_side": "right",
        "clean_up_tokenization_spaces": False,
        "model_input_names": ["input_ids", "attention_mask"],
    }


def architecture(vocabulary: int) -> dict[str, Any]:
    """Describe the network; README.md here says why these sizes."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": vocabulary,
        "hidden_size": 192,
        "intermediate_size": 512,
        "num_hidden_layers": 6,
        "num_attention_heads": 6,
        "num_key_value_heads": 3,
        "head_dim": 32,
        "hidden_act": "silu",
        "max_position_embeddings": CONTEXT,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0},
        "rms_norm_eps": 1e-5,
        "initializer_range": 0.02,
        "tie_word_embeddings": True,
        "attention_bias": False,
        "attention_dropout": 0.0,
        "mlp_bias": False,
        "use_cache": True,
        "dtype": "float32",
        **_special_ids(),
    }


def lengths(tokenizer: Tokenizer, folder: Path) -> dict[str, dict[str, float]]:
    """Count rows, tokens, bytes per token, the longest row and rows beyond the context, for both stages."""
    texts = [row["text"] for row in _rows(folder / "pretrain.jsonl")]
    rendered = [_render(row["messages"]) for row in _rows(folder / "instruct.jsonl")]
    return {
        "pretrain": _measure(tokenizer, texts, borders=2),
        "instruct": _measure(tokenizer, rendered, borders=0),
    }


def _measure(tokenizer: Tokenizer, texts: list[str], borders: int) -> dict[str, float]:
    counts = [len(found.ids) + borders for found in tokenizer.encode_batch(texts)]
    return {
        "rows": len(counts),
        "tokens": sum(counts),
        "bytes_per_token": round(sum(len(text.encode()) for text in texts) / sum(counts), 3),
        "longest": max(counts),
        "beyond_context": sum(count > CONTEXT for count in counts),
    }


def _render(messages: Iterable[dict[str, str]]) -> str:
    return BEGIN + "".join(f"<|{turn['role']}|>{turn['content']}{END}" for turn in messages)


def _special_ids() -> dict[str, int]:
    named = {"bos": BEGIN, "eos": END, "pad": PAD}
    return {f"{name}_token_id": SPECIALS.index(token) for name, token in named.items()}


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
