"""Every method on every kind of base: it trains, resumes to the bit, is kept and merged, or is refused.

One network of each kind: Llama, GPT-2 and T5 as language models, BERT telling classes.
"""

import json
import os
import random
import subprocess
import sys
from array import array
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from warnings import catch_warnings, simplefilter

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine_parts import trainable
from method_cases import METHODS, NAMES, REFUSED, each_taken
from method_trials import (
    FOUR,
    VOCABULARY,
    Folders,
    Trial,
    check_changed,
    check_plain,
    every,
    keep,
    learning,
    loaded,
    near,
    outputs,
    plain_peft,
)
from tunesmith.core.cards import Encoded, Model
from tunesmith.core.disk import Disk
from tunesmith.core.errors import BadOption
from tunesmith.core.recipe import Training
from tunesmith.core.task import Task
from tunesmith.engine.checkpoint import newest, save, tensors_of
from tunesmith.engine.fit import fit
from tunesmith.engine.loop import Budget, train
from tunesmith.engine.order import plans
from tunesmith.engine.randomness import random_state, seed_everything, set_random_state
from tunesmith.engine.rows import Reading
from tunesmith.engine.update import Updater
from tunesmith.model.network import skeleton
from tunesmith.objective.sft import SFT

STEPS, STOPPED = 6, 3
TRAINING = Training(learning_rate=2e-3, schedule="constant", warmup=0.0)
KEPT = [name for name in NAMES if METHODS.load(name).leaves_adapter]


def rows_of(architecture: str) -> list[Encoded]:
    """Give rows in which something can be learned: one token follows another, and decides on the class."""
    draw = random.Random(2)
    return [_row(draw, architecture, number) for number in range(12)]


def _row(draw: random.Random, architecture: str, number: int) -> Encoded:
    first = 10 + number % 3
    ids = array("i", [first, *(first + 20 + place % 2 for place in range(draw.randint(4, 9)))])
    source = array("i", [draw.randrange(10, VOCABULARY) for _ in range(5)] if architecture == "t5" else [])
    key = f"row {number}"
    if architecture == "bert":
        worth = array("f", [1.0] + [0.0] * (len(ids) - 1))
        return Encoded(ids, worth, key, targets=array("d", [float(number % 3)]))
    return Encoded(ids, array("f", [0.0] + [1.0] * (len(ids) - 1)), key, source=source)


class Run:
    """A run in memory, as a fresh process would begin it."""

    def __init__(self, trial: Trial, architecture: str) -> None:
        self.rows, self.model = rows_of(architecture), trial.start()
        self.updater = Updater(trainable(self.model), TRAINING, STEPS, trial.method.pace)
        seed_everything(7)

    def go_on(self, done: int, until: int) -> list[float]:
        ahead = islice(plans(self.rows, seed=7, epochs=STEPS, tokens_per_step=10**6), done, until)
        with fit(self.model.network, reading=Reading(self.model.family, self.model.task)) as forward:
            return [step.loss for step in train(forward, SFT(), ahead, self.updater, Budget(60))]

    def save(self, folder: Path, step: int) -> None:
        tensors: dict[str, Mapping[str, Tensor]] = {
            "weights": {name: parameter.data for name, parameter in trainable(self.model).items()},
            "optimizer": self.updater.tensors(),
            "random": random_state(),
        }
        save(folder, step, tensors, {"step": step}, Disk())

    def restore(self, folder: Path) -> None:
        saved, _ = newest(folder)
        assert saved is not None
        for name, parameter in trainable(self.model).items():
            parameter.data.copy_(tensors_of(saved, "weights")[name])
        self.updater.restore(tensors_of(saved, "optimizer"))
        set_random_state(tensors_of(saved, "random"))

    def state(self) -> dict[str, Tensor]:
        return {name: tensor.detach().clone() for name, tensor in self.model.network.state_dict().items()}

    def bits(self) -> dict[str, bytes]:
        every: dict[str, Tensor] = {**trainable(self.model), **self.updater.tensors()}
        return {name: value.detach().numpy().tobytes() for name, value in every.items()}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a folder for packages and what is expected of them."""
    return tmp_path_factory.mktemp("shelf")


@every(*FOUR)
@pytest.mark.parametrize("name", NAMES)
def test_what_cannot_work_is_refused_before_weights_are_read(
    name: str, folders: Folders, architecture: str, task: Task
) -> None:
    method = Trial.of(name, folders[architecture], task).method
    reason = method.refuses(skeleton(folders[architecture], task))
    if (architecture, name) not in REFUSED:
        assert reason == ""
        return
    assert REFUSED[architecture, name] in reason
    assert reason.endswith(".")
    with pytest.raises(BadOption):
        method.apply(loaded(folders[architecture], task, 5), 7)


@each_taken(*FOUR)
def test_it_trains_what_it_declares_resumes_to_the_bit_and_is_kept(
    name: str, folders: Folders, architecture: str, task: Task, tmp_path: Path, shelf: Path
) -> None:
    trial = Trial.of(name, folders[architecture], task)
    straight = Run(trial, architecture)
    before = straight.state()
    losses = straight.go_on(0, STOPPED)
    straight.save(tmp_path, STOPPED)
    losses += straight.go_on(STOPPED, STEPS)
    assert losses[-1] < losses[0]
    check_changed(before, straight.model)

    again = Run(trial, architecture)
    torch.rand(100)
    again.restore(tmp_path)
    assert again.go_on(STOPPED, STEPS) == losses[STOPPED:]
    assert again.bits() == straight.bits()

    settled = trial.method.settle(straight.model)
    _check_merged(trial, again.model, settled)
    if trial.method.leaves_adapter:
        _shelve(settled, trial, shelf / architecture / name)


def _check_merged(trial: Trial, twin: Model, settled: Model) -> None:
    """Where merging exists, plain weights say the same; where not, it is told what to do."""
    method = trial.method
    if not method.merges:
        with pytest.raises(BadOption, match=r"^method\.\w+: .*export: adapter"):
            method.merge(twin)
        return
    expected = outputs(settled)
    merged = method.merge(method.settle(twin))
    check_plain(merged, trial)
    assert near(outputs(merged), expected)


def _shelve(model: Model, trial: Trial, folder: Path) -> None:
    keep(model, trial.method, folder)
    save_file({"outputs": outputs(model).contiguous()}, folder.parent / f"{folder.name}.safetensors")


@each_taken(*FOUR, names=KEPT)
def test_plain_peft_says_the_same_and_the_base_alone_does_not(
    name: str, folders: Folders, architecture: str, task: Task, shelf: Path
) -> None:
    trial, folder = Trial.of(name, folders[architecture], task), shelf / architecture / name
    assert not near(outputs(trial.base()), _expected(folder), 1e-4)
    if (folder / "changes.safetensors").is_file():
        return  # peft has no format for it
    with catch_warnings():
        simplefilter("ignore")  # peft warns of the norms that it has layers for
        assert near(outputs(plain_peft(trial, folder)), _expected(folder))


def test_a_fresh_process_says_the_same(shelf: Path) -> None:
    done = subprocess.run(
        [sys.executable, __file__, str(shelf)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    kept = [f"{architecture}/{name}" for architecture, _ in FOUR for name in KEPT]
    kept = [each for each in kept if tuple(each.split("/")) not in REFUSED]
    assert len(kept) > 60
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == dict.fromkeys(kept, True)


def _expected(folder: Path) -> Tensor:
    return load_file(folder.parent / f"{folder.name}.safetensors")["outputs"]


def main(shelf: Path) -> None:
    """Load every package of a shelf as a server does, and tell which say and learn what is expected."""
    from tunesmith.export.read import load
    from tunesmith.lifecycle.probe import LOADERS

    found: dict[str, bool] = {}
    for folder in sorted(path for path in shelf.glob("*/*") if path.is_dir()):
        model = load(folder, LOADERS)
        is_same = near(outputs(model), _expected(folder)) and not learning(model)
        found[folder.relative_to(shelf).as_posix()] = is_same
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
