"""Write the model card of `tiny` from what was recorded while it was made.

    python recipes/tiny/card.py --data build/tiny --scores build/tiny/scores.json \\
        --events runs/PRETRAIN/events.jsonl runs/INSTRUCT/events.jsonl --model FOLDER --out FOLDER/README.md

`--scores` is what bits_per_byte.py wrote; `--events` are the runs of each stage, in order.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TEXT = Path(__file__).with_name("card.md")
BASELINE_NAMES = {
    "uniform": "every byte equally likely",
    "byte_unigram": "bytes by frequency",
    "zlib": "zlib -9, held-out texts alone",
    "xz": "xz -9, held-out texts alone",
    "byte_5_gram": "5-gram byte model (interpolated Kneser-Ney), trained on the same texts",
    "byte_8_gram": "8-gram byte model (interpolated Kneser-Ney), trained on the same texts",
    "xz_after_training": "xz -9, after the training texts",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """What one training run did: its optimizer steps, tokens read, seconds, first and last losses in nats."""

    name: str
    steps: int
    tokens: int
    seconds: float
    first_loss: float
    last_loss: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the records and write the card."""
    parser = argparse.ArgumentParser(description="Write the model card of tiny.")
    parser.add_argument("--data", type=Path, required=True, help="folder with sources.json")
    parser.add_argument("--scores", type=Path, required=True, help="what bits_per_byte.py wrote")
    parser.add_argument(
        "--events", type=Path, nargs="*", default=[], help="events.jsonl of each stage, in order"
    )
    parser.add_argument("--model", type=Path, required=True, help="the model's folder, for its config.json")
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    given = parser.parse_args(arguments)
    sources, scores, config = (
        json.loads(path.read_text(encoding="utf-8"))
        for path in (given.data / "sources.json", given.scores, given.model / "config.json")
    )
    stages = [read_stage(path) for path in given.events]
    given.out.write_text(card(sources, scores, config, stages), encoding="utf-8", newline="\n")


def card(
    sources: dict[str, Any], scores: dict[str, Any], config: dict[str, Any], stages: Sequence[Stage]
) -> str:
    """Fill the facts into the card's text."""
    marks = {
        "parameters": f"{count_parameters(config):,}",
        "layers": str(config["num_hidden_layers"]),
        "hidden": str(config["hidden_size"]),
        "vocabulary": f"{config['vocab_size']:,}",
        "context": f"{config['max_position_embeddings']:,}",
        "sources": _source_table(sources),
        "left_out": _left_out(sources),
        "held_out": f"{scores['documents']:,} documents, {scores['bytes']:,} bytes",
        "stages": _stage_table(stages),
        "scores": _score_table(scores),
        "by_source": _by_source(scores),
    }
    text = TEXT.read_text(encoding="utf-8")
    for name, value in marks.items():
        text = text.replace(f"[[{name}]]", value)
    return text


def read_stage(path: Path) -> Stage:
    """Add up the steps of one run; a step that was taken again after a stop counts once, as it ended."""
    steps: dict[int, dict[str, Any]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if event["kind"] == "step":
            steps[event["number"]] = event
    if not steps:
        raise SystemExit(f"{path} holds no training step.")
    taken = [steps[number] for number in sorted(steps)]
    return Stage(
        name=path.parent.name,
        steps=len(taken),
        tokens=sum(step["tokens"] for step in taken),
        seconds=sum(step["seconds"] for step in taken),
        first_loss=taken[0]["loss"],
        last_loss=_mean([step["loss"] for step in taken[-20:]]),
    )


def count_parameters(config: dict[str, Any]) -> int:
    """Count the weights of a Llama network without biases whose embedding is also its output layer."""
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    queries = config["num_attention_heads"] * config["head_dim"]
    keys = config["num_key_value_heads"] * config["head_dim"]
    layer = 2 * hidden * queries + 2 * hidden * keys + 3 * hidden * inner + 2 * hidden
    return config["vocab_size"] * hidden + config["num_hidden_layers"] * layer + hidden


def _source_table(sources: dict[str, Any]) -> str:
    lines = ["| texts | licence | pretraining | held out | conversations |", "|---|---|--:|--:|--:|"]
    for name, found in sources["sources"].items():
        used, held_out = found["pretrain"], found["held_out"]
        times = f" x {found['repeats']}" if found["repeats"] > 1 else ""
        lines.append(
            f"| [{name}]({found['link']}) | {found['licence']} | {used['documents']:,} documents, "
            f"{used['bytes'] / 1e6:.1f} MB{times} | {held_out['documents']:,} | "
            f"{sources['instruct_rows'].get(name, 0):,} |"
        )
    made = {name: rows for name, rows in sources["instruct_rows"].items() if name not in sources["sources"]}
    lines += [
        f"| {name} (written for this model) | Apache-2.0 | | | {rows:,} |" for name, rows in made.items()
    ]
    return "\n".join(lines)


def _left_out(sources: dict[str, Any]) -> str:
    reasons = [
        f"- {name}: {reason}, {count['documents']:,} documents, {count['bytes'] / 1e6:.2f} MB"
        for name, found in sources["sources"].items()
        for reason, count in found["left_out"].items()
    ]
    return "\n".join(reasons) or "- nothing"


def _stage_table(stages: Sequence[Stage]) -> str:
    lines = ["| run | steps | tokens | minutes | first loss | last loss |", "|---|--:|--:|--:|--:|--:|"]
    lines += [
        f"| {stage.name} | {stage.steps:,} | {stage.tokens:,} | {stage.seconds / 60:.0f} "
        f"| {stage.first_loss:.2f} | {stage.last_loss:.2f} |"
        for stage in stages
    ]
    return "\n".join(lines)


def _score_table(scores: dict[str, Any]) -> str:
    named = [(name, scores["baselines"][key]) for key, name in BASELINE_NAMES.items()]
    if "model" in scores:
        named.append(("**this model**", scores["model"]["all"]))
    ordered = sorted(named, key=lambda pair: -pair[1])
    return "\n".join(
        ["| predictor | bits per byte |", "|---|--:|", *(f"| {n} | {v:.3f} |" for n, v in ordered)]
    )


def _by_source(scores: dict[str, Any]) -> str:
    found = scores.get("model", {})
    return (
        ", ".join(f"{name} {value:.3f}" for name, value in found.items() if name != "all") or "not measured"
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


if __name__ == "__main__":
    main()
