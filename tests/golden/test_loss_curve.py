"""The loss curve of a tiny random Llama, as it was when it was last looked at.

A change of more than 0.01 % means that training changed. If that is wanted, rewrite the curves, look at the
difference, and say in the commit why they moved:

    TUNESMITH_REWRITE_GOLDEN=1 python -m pytest tests/golden
"""

import json
import os
from pathlib import Path

import pytest

from engine_parts import random_rows, take
from tunesmith.core.cards import Model
from tunesmith.core.recipe import Training
from tunesmith.engine.order import plans
from tunesmith.method.full import Full
from tunesmith.method.lora import LoRA

CURVES = Path(__file__).parent / "loss_curve.json"
STEPS = 20
METHODS = {"full": Full(), "lora": LoRA(rank=8)}
TRAINING = Training(learning_rate=5e-3, schedule="cosine", warmup=0.1, weight_decay=0.01)


def curve(model: Model, method: str) -> list[dict[str, float]]:
    every = list(plans(random_rows(16), seed=7, epochs=5, tokens_per_step=100))
    steps = take(METHODS[method].apply(model, seed=7), every[:STEPS], TRAINING)
    return [
        {"loss": step.loss, "gradient_norm": step.gradient_norm, "learning_rate": step.learning_rate}
        for step in steps
    ]


def stored() -> dict[str, list[dict[str, float]]]:
    return json.loads(CURVES.read_text(encoding="utf-8")) if CURVES.exists() else {}


@pytest.mark.parametrize("method", METHODS)
def test_the_loss_curve_is_the_golden_one(tiny_model: Model, method: str) -> None:
    found = curve(tiny_model, method)
    assert len(found) == STEPS
    assert found[-1]["loss"] < found[0]["loss"]
    if os.environ.get("TUNESMITH_REWRITE_GOLDEN") == "1":
        content = json.dumps({**stored(), method: found}, indent=1, sort_keys=True)
        CURVES.write_text(content + "\n", encoding="utf-8", newline="\n")
    golden = stored()[method]
    for step, (now, then) in enumerate(zip(found, golden, strict=True), start=1):
        assert now == pytest.approx(then, rel=1e-4), f"step {step}"


def test_every_golden_curve_has_its_test() -> None:
    assert stored().keys() == METHODS.keys()
