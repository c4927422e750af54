"""Score a language model on held-out texts, in bits per byte, beside compressors and byte counts.

    python recipes/tiny/bits_per_byte.py --data build/tiny --model FOLDER --out build/tiny/scores.json

Bits per byte do not depend on the tokenizer, so any model's number can be put beside any other's.
Without --model only the baselines are computed.
"""

import argparse
import json
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from baselines import baselines

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def main(arguments: Sequence[str] | None = None) -> None:
    """Score, write the scores, and say them."""
    parser = argparse.ArgumentParser(description="Held-out bits per byte of a model, and baselines.")
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with pretrain.jsonl and heldout.jsonl"
    )
    parser.add_argument(
        "--model", type=Path, help="folder of a causal language model in transformers' format"
    )
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    given = parser.parse_args(arguments)
    scores = score(given.data, given.model)
    given.out.write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(scores, indent=2) + "\n")


def score(data: Path, folder: Path | None) -> dict[str, Any]:
    """Score the baselines and, where a folder is given, its model: in all and by source."""
    held_out = _rows(data / "heldout.jsonl")
    texts = [row["text"] for row in held_out]
    training = list(dict.fromkeys(row["text"] for row in _rows(data / "pretrain.jsonl")))
    scores: dict[str, Any] = {
        "documents": len(texts),
        "bytes": sum(len(text.encode()) for text in texts),
        "baselines": baselines(training, texts),
    }
    if folder is not None:
        scores["model"] = score_model(folder, held_out)
    return scores


def score_model(folder: Path, rows: Sequence[dict[str, str]]) -> dict[str, float]:
    """Give bits per byte of all texts under `all`, and of each source's under its name."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="float32").eval()
    bits: dict[str, float] = {"all": 0.0}
    sizes: dict[str, int] = {"all": 0}
    for row in rows:
        cost = text_bits(model, tokenizer, row["text"])
        for name in ("all", row["source"]):
            bits[name] = bits.get(name, 0.0) + cost
            sizes[name] = sizes.get(name, 0) + len(row["text"].encode())
    return {name: bits[name] / sizes[name] for name in bits}


def text_bits(model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", text: str) -> float:
    """Give the cost of one text in bits: each of its tokens once, after a beginning token, without an end."""
    import torch

    begin = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    if begin is None:
        raise SystemExit("The tokenizer has neither a beginning nor an end token to start a text with.")
    ids = [begin, *tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)]
    nats = 0.0
    for start, end, first in windows(len(ids), model.config.max_position_embeddings):
        window = torch.tensor([ids[start:end]])
        with torch.inference_mode():
            logits = model(input_ids=window).logits[0, :-1]
        costs = torch.nn.functional.cross_entropy(logits.float(), window[0, 1:], reduction="none")
        nats += float(costs[first - start - 1 :].double().sum())
    return nats / math.log(2)


def windows(length: int, context: int) -> Iterator[tuple[int, int, int]]:
    """Cut positions into windows (start, end, first scored): each position but 0 is scored exactly once.

    Windows overlap by half, so that no position is predicted from less than half a context where more exists.
    """
    first, start = 1, 0
    while first < length:
        end = min(start + context, length)
        yield start, end, first
        first, start = end, end - context // 2


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


if __name__ == "__main__":
    main()
