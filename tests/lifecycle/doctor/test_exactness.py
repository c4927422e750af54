from collections.abc import Callable
from dataclasses import replace
from math import inf, nan
from typing import Any

import pytest

from tunesmith.core.cards import Loss
from tunesmith.engine.forward import Forward
from tunesmith.engine.update import Updater
from tunesmith.generation.backend.local import Local
from tunesmith.lifecycle.doctor import exactness as tried
from tunesmith.lifecycle.doctor.exactness import Invariant, exactness
from tunesmith.lifecycle.doctor.small_networks import ADAPTED, build, rows
from tunesmith.objective.sft import SFT

CLAIMS = 5


@pytest.mark.parametrize("network", ["gpt2", ADAPTED])
def test_what_must_be_equal_is_equal(network: str) -> None:
    found = list(exactness([network]))
    assert len(found) == CLAIMS
    assert [one.describe() for one in found if not one.holds] == []
    assert len({one.claim for one in found}) == CLAIMS
    assert any(one.difference > 0 for one in found)  # something was computed in another order


def a_little_more(self: Forward, batch: Any) -> Any:
    return REAL_LOGPROBS(self, batch) * 1.002


def mean_of_a_pass(self: SFT, logprobs: Any, weights: Any) -> Loss:
    loss = REAL_LOSS(self, logprobs, weights)
    return Loss(loss.total / len(weights), loss.weight)


def forgotten(self: Updater, tensors: Any) -> None:
    pass


def shorter_together(self: Local, model: Any, prompts: Any, decoding: Any) -> Any:
    fewer = replace(decoding, max_tokens=decoding.max_tokens - (len(prompts) > 1))
    return REAL_GENERATE(self, model, prompts, fewer)


REAL_LOGPROBS, REAL_LOSS, REAL_GENERATE = Forward.logprobs, SFT.loss, Local.generate
MISTAKES: list[tuple[type, str, Any, Callable[[str], Any]]] = [
    (Forward, "logprobs", a_little_more, tried.packing),
    (SFT, "loss", mean_of_a_pass, tried.accumulation),
    (Updater, "restore", forgotten, tried.going_on),
    (Local, "generate", shorter_together, tried.answering),
]


@pytest.mark.parametrize(
    ("kind", "name", "wrong", "attempt"), MISTAKES, ids=[m[2].__name__ for m in MISTAKES]
)
def test_a_mistake_is_seen(
    monkeypatch: pytest.MonkeyPatch, kind: type, name: str, wrong: Any, attempt: Callable[[str], Any]
) -> None:
    monkeypatch.setattr(kind, name, wrong)
    found = list(attempt("llama"))
    assert found
    assert not any(one.holds for one in found)


def test_steps_are_really_cut_and_answers_really_long() -> None:
    with_all = sum(len(row) for row in rows())
    assert with_all < tried.WHOLE
    assert tried.PIECES < tried.TOKENS_PER_STEP < with_all / 2
    model = build("llama")
    (answer,) = Local().generate(model, [list(rows()[0].ids[:7])], tried._DECODING)
    assert answer.tokens == 12


def test_what_cannot_be_tried_does_not_hold() -> None:
    found = list(exactness(["nonsense"]))
    assert len(found) == CLAIMS - 1
    assert not any(one.holds for one in found)
    assert "KeyError: 'nonsense'" in found[0].describe()


@pytest.mark.parametrize(
    ("difference", "holds"), [(0.0, True), (1e-4, True), (1.1e-4, False), (nan, False), (inf, False)]
)
def test_what_is_not_a_number_is_not_equal(difference: float, holds: bool) -> None:
    one = Invariant("this is that", "llama", difference, 1e-4)
    assert one.holds == holds
    assert one.describe().startswith("holds" if holds else "FAILS")
