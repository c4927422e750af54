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
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import pytest
import torch
from peft import PeftModel
from safetensors.torch import save_file
from torch import Tensor

from engine_parts import trainable
from method_trials import FOUR, METHODS, VOCABULARY, Folders, Trial, every, keep, loaded, outputs
from tunesmith.core.cards import Encoded, Model
from tunesmith.core.contracts import Method
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
from tunesmith.model.load import load
from tunesmith.model.network import skeleton
from tunesmith.objective.sft import SFT

STEPS, STOPPED = 6, 3
TRAINING = Training(learning_rate=2e-3, schedule="constant", warmup=0.0)
OPTIONS: dict[str, dict[str, Any]] = {
    "prompt": {"length": 4},
    "p_tuning": {"length": 4, "width": 16},
    "prefix": {"length": 4},
    "freeze": {"layers": 1},
    "stack": {"methods": [{"name": "lora", "rank": 4}, {"name": "pfeiffer"}]},
}
LEFT_OUT = {"none": "it trains nothing", "continued": "it goes on with the adapter of another method"}
REFUSED = {
    ("llama", "bitfit"): "It has no biases",
    ("t5", "bitfit"): "It has no biases",
    ("gpt2", "oft"): "transposed",
    ("bert", "llama_adapter"): "",
    ("t5", "llama_adapter"): "",
    ("llama", "features"): "Features are for objectives",
    ("gpt2", "features"): "Features are for objectives",
    ("t5", "features"): "Features are for objectives",
}
"""What cannot work, and a part of the reason that is given."""

NAMES = [name for name in METHODS.names() if name not in LEFT_OUT]
each = pytest.mark.parametrize("name", NAMES)


def method_of(name: str) -> Method:
    return METHODS.build(name, OPTIONS.get(name, {}))


def taken(architecture: str, name: str) -> bool:
    return (architecture, name) not in REFUSED


def base_of(folder: Path, task: Task, method: Method, seed: int = 5) -> Model:
    """Load a base as the method wants it held."""
    if method.holds is None:
        return loaded(folder, task, seed)
    return load(folder.name, folder, storage=method.holds, task=task, seed=seed)


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

    def __init__(self, folder: Path, architecture: str, task: Task, method: Method) -> None:
        self.rows, self.method = rows_of(architecture), method
        self.model = method.apply(base_of(folder, task, method), seed=7)
        self.updater = Updater(trainable(self.model), TRAINING, STEPS, method.pace)
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
@each
def test_what_cannot_work_is_refused_before_weights_are_read(
    name: str, folders: Folders, architecture: str, task: Task
) -> None:
    method = method_of(name)
    reason = method.refuses(skeleton(folders[architecture], task))
    if taken(architecture, name):
        assert reason == ""
        return
    assert REFUSED[architecture, name] in reason
    assert reason.endswith(".")
    with pytest.raises(BadOption):
        method.apply(loaded(folders[architecture], task, 5), 7)


@every(*FOUR)
@each
def test_it_trains_what_it_declares_resumes_to_the_bit_and_is_kept(
    name: str, folders: Folders, architecture: str, task: Task, tmp_path: Path, shelf: Path
) -> None:
    if not taken(architecture, name):
        pytest.skip("it is refused")
    method = method_of(name)
    straight = Run(folders[architecture], architecture, task, method)
    before = straight.state()
    losses = straight.go_on(0, STOPPED)
    straight.save(tmp_path, STOPPED)
    losses += straight.go_on(STOPPED, STEPS)
    assert losses[-1] < losses[0]
    _check_changed(before, straight)

    again = Run(folders[architecture], architecture, task, method)
    torch.rand(100)
    again.restore(tmp_path)
    assert again.go_on(STOPPED, STEPS) == losses[STOPPED:]
    assert again.bits() == straight.bits()

    settled = method.settle(straight.model)
    _check_merged(method, again.model, settled)
    if method.leaves_adapter:
        _shelve(settled, method, shelf / architecture / name)


def _check_changed(before: Mapping[str, Tensor], run: Run) -> None:
    """All that is declared to learn has changed, and nothing else."""
    after, declared = run.model.network.state_dict(), trainable(run.model).keys()
    changed = {key for key, tensor in before.items() if not torch.equal(after[key], tensor)}
    places = {after[key].data_ptr() for key in declared}
    assert declared
    assert declared <= changed
    assert not [key for key in changed if after[key].data_ptr() not in places]


def _check_merged(method: Method, twin: Model, settled: Model) -> None:
    """Where merging exists, plain weights say the same."""
    if not method.merges:
        with pytest.raises(BadOption):
            method.merge(twin)
        return
    expected = outputs(settled)
    merged = method.merge(method.settle(twin))
    assert not isinstance(merged.network, PeftModel)
    assert (outputs(merged) - expected).abs().max() <= 1e-4 * max(1.0, float(expected.abs().max()))


def _shelve(model: Model, method: Method, folder: Path) -> None:
    keep(model, method, folder)
    save_file({"outputs": outputs(model).contiguous()}, folder.parent / f"{folder.name}.safetensors")
    about = {"folder": str(model.folder), "held": method.holds}
    (folder.parent / f"{folder.name}.json").write_text(json.dumps(about))


@every(*FOUR)
def test_a_fresh_process_and_plain_peft_say_the_same(
    folders: Folders, architecture: str, task: Task, shelf: Path
) -> None:
    kept = [name for name in NAMES if taken(architecture, name) and METHODS.load(name).leaves_adapter]
    for name in kept:
        _compare_plain(Trial(method_of(name), folders[architecture], task), shelf / architecture / name)
    done = subprocess.run(
        [sys.executable, __file__, str(shelf / architecture)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == dict.fromkeys(sorted(kept), True)


def _compare_plain(trial: Trial, folder: Path) -> None:
    """Peft alone loads what it has a format for."""
    if (folder / "changes.safetensors").is_file():
        return
    base = base_of(trial.folder, trial.task, trial.method, seed=6)
    with catch_warnings():
        simplefilter("ignore")  # peft warns of the norms that it has layers for
        network: Any = PeftModel.from_pretrained(base.network, str(folder)).eval()  # type: ignore[arg-type]  # it is one
    assert _is_near(outputs(replace(base, network=network)), folder)


def _is_near(found: Tensor, folder: Path) -> bool:
    from safetensors.torch import load_file

    expected = load_file(folder.parent / f"{folder.name}.safetensors")["outputs"]
    return float((found - expected).abs().max()) <= 1e-4 * max(1.0, float(expected.abs().max()))


def main(shelf: Path) -> None:
    """Load every package of a folder as a server does, and tell which say what is expected."""
    from tunesmith.export.read import load as load_package
    from tunesmith.lifecycle.probe import LOADERS

    found: dict[str, bool] = {}
    for folder in sorted(path for path in shelf.iterdir() if path.is_dir()):
        found[folder.name] = _is_near(outputs(load_package(folder, LOADERS)), folder)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
