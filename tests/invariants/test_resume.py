"""A run that is stopped after any step and goes on from its checkpoint ends with the same bits."""

from itertools import islice
from pathlib import Path

import pytest
import torch
from torch import Tensor

from engine_parts import random_rows, trainable
from tunesmith.core.cards import Model
from tunesmith.core.disk import Disk
from tunesmith.core.recipe import Training
from tunesmith.engine.checkpoint import newest, save, tensors_of
from tunesmith.engine.fit import fit
from tunesmith.engine.loop import Budget, train
from tunesmith.engine.order import count_steps, plans
from tunesmith.engine.randomness import random_state, seed_everything, set_random_state
from tunesmith.engine.update import Updater
from tunesmith.method.full import Full
from tunesmith.method.lora import LoRA
from tunesmith.model.load import load
from tunesmith.objective.sft import SFT

ROWS = random_rows(12)
STEPS = 6
TRAINING = Training(learning_rate=1e-2, warmup=0.3, weight_decay=0.1)
METHODS = {"lora": LoRA(rank=4, dropout=0.1), "full": Full()}


class Run:
    """A run in memory: six steps over two epochs, as a fresh process would begin it."""

    def __init__(self, base: Path, method: str) -> None:
        self.model: Model = METHODS[method].apply(load("tiny", base), seed=5)
        assert count_steps(ROWS, 7, 2, 120) == STEPS
        self.updater = Updater(trainable(self.model), TRAINING, STEPS)
        seed_everything(7)

    def go_on(self, done: int, until: int) -> list[float]:
        ahead = islice(plans(ROWS, seed=7, epochs=2, tokens_per_step=120), done, until)
        with fit(self.model.network) as forward:
            return [step.loss for step in train(forward, SFT(), ahead, self.updater, Budget(60))]

    def save(self, folder: Path, step: int) -> None:
        tensors = {
            "weights": {name: p.data for name, p in trainable(self.model).items()},
            "optimizer": self.updater.tensors(),
            "random": random_state(),
        }
        save(folder, step, tensors, {"step": step}, Disk())

    def restore(self, folder: Path) -> int:
        saved, _ = newest(folder)
        assert saved is not None
        weights = tensors_of(saved, "weights")
        assert weights.keys() == trainable(self.model).keys()
        for name, parameter in trainable(self.model).items():
            parameter.data.copy_(weights[name])
        self.updater.restore(tensors_of(saved, "optimizer"))
        set_random_state(tensors_of(saved, "random"))
        return saved.step

    def bits(self) -> dict[str, bytes]:
        every: dict[str, Tensor] = {**dict(self.model.network.named_parameters()), **self.updater.tensors()}
        return {name: value.detach().numpy().tobytes() for name, value in every.items()}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("stopped", range(STEPS))
def test_going_on_after_any_step_is_never_having_stopped(
    tiny_folder: Path, tmp_path: Path, method: str, stopped: int
) -> None:
    straight = Run(tiny_folder, method)
    losses = straight.go_on(0, STEPS)
    first = Run(tiny_folder, method)
    before = first.go_on(0, stopped)
    first.save(tmp_path, stopped)
    torch.rand(1000)  # what another process does to its own random numbers
    second = Run(tiny_folder, method)
    done = second.restore(tmp_path)
    assert done == stopped
    assert before + second.go_on(done, STEPS) == losses
    assert second.bits() == straight.bits()


def test_saving_between_two_steps_changes_nothing(tiny_folder: Path, tmp_path: Path) -> None:
    straight, saving = Run(tiny_folder, "lora"), Run(tiny_folder, "lora")
    seed_everything(7)
    losses = straight.go_on(0, STEPS)
    seed_everything(7)
    seen: list[float] = []
    for step in range(STEPS):
        seen += saving.go_on(step, step + 1)
        saving.save(tmp_path, step + 1)
    assert seen == losses
    assert saving.bits() == straight.bits()


def test_the_random_state_matters_here(tiny_folder: Path, tmp_path: Path) -> None:
    straight = Run(tiny_folder, "lora")
    straight.go_on(0, STEPS)
    first = Run(tiny_folder, "lora")
    first.go_on(0, 3)
    first.save(tmp_path, 3)
    second = Run(tiny_folder, "lora")
    second.restore(tmp_path)
    seed_everything(8)
    second.go_on(3, STEPS)
    assert second.bits() != straight.bits()
