"""The card says what was recorded, and nothing is left to fill in."""

import json
from pathlib import Path

import card
import pytest
from made_up import Built
from transformers import LlamaConfig, LlamaForCausalLM


def _events(folder: Path) -> Path:
    folder.mkdir()
    path = folder / "events.jsonl"
    step = {"kind": "step", "tokens": 1_000, "seconds": 30.0}
    events = [
        {"kind": "started", "steps": 3},
        {**step, "number": 1, "loss": 8.0},
        {**step, "number": 2, "loss": 7.0},
        {**step, "number": 2, "loss": 6.0},
        {**step, "number": 3, "loss": 4.0},
    ]
    path.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    return path


def test_a_step_taken_again_counts_once(tmp_path: Path) -> None:
    stage = card.read_stage(_events(tmp_path / "a-run"))
    assert stage == card.Stage("a-run", 3, 3_000, 90.0, 8.0, 6.0)


def test_a_run_without_steps_is_refused(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text('{"kind": "started"}\n', encoding="utf-8")
    with pytest.raises(SystemExit, match="no training step"):
        card.read_stage(tmp_path / "events.jsonl")


def test_parameters_are_counted_as_the_network_has_them(start: Path) -> None:
    config = LlamaConfig.from_pretrained(start)
    real = sum(parameter.numel() for parameter in LlamaForCausalLM(config).parameters())
    assert card.count_parameters(json.loads((start / "config.json").read_text(encoding="utf-8"))) == real


def test_the_card_holds_every_source_score_and_stage(built: Built, start: Path, tmp_path: Path) -> None:
    scores = {
        "documents": 12,
        "bytes": 3_456,
        "baselines": {name: 2.0 + n for n, name in enumerate(card.BASELINE_NAMES)},
        "model": {"all": 1.234, "gsm8k": 1.111},
    }
    (tmp_path / "scores.json").write_text(json.dumps(scores), encoding="utf-8")
    out = tmp_path / "README.md"
    events = _events(tmp_path / "tiny-pretrain-1")
    arguments = ["--data", built.data, "--scores", tmp_path / "scores.json", "--events", events]
    card.main([str(part) for part in (*arguments, "--model", start, "--out", out)])
    text = out.read_text(encoding="utf-8")
    assert "[[" not in text
    for said in (
        "CDLA-Sharing-1.0",
        "tiny-pretrain-1 | 3 | 3,000",
        "| **this model** | 1.234 |",
        "gsm8k 1.111",
    ):
        assert said in text
    for name in card.BASELINE_NAMES.values():
        assert name in text
