"""Two processes over gloo, as torchrun would start them, against one."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from engine_parts import random_rows
from tunesmith.core.cards import Loss
from tunesmith.engine.ranks import Ranks

TESTS = Path(__file__).parent.parent
PROGRAM = """
import os, sys
sys.path.insert(0, sys.argv[1])
import torch
from torch import distributed
from engine_parts import constant, plans_of, random_rows
from tiny_networks import network_of
from tunesmith.engine.fit import fit
from tunesmith.engine.loop import Budget, train
from tunesmith.engine.update import Updater
from tunesmith.objective.sft import SFT
torch.set_num_threads(1)
rank, size, folder, rows_per_step = int(sys.argv[3]), int(sys.argv[4]), sys.argv[2], int(sys.argv[5])
if size > 1:
    distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=size)
network = network_of("gpt2").double()
learning = dict(network.named_parameters())
gradients = {}
class Keeping(Updater):
    def update(self, scale, step):
        for name, parameter in self.parameters.items():
            gradients[f"{step}/{name}"] = parameter.grad.clone()
        return super().update(scale, step)
plans = plans_of(random_rows(11), rows_per_step)
with fit(network) as forward:
    steps = list(train(forward, SFT(), plans, Keeping(learning, constant(), len(plans)), Budget(60)))
seen = {"losses": [s.loss for s in steps], "norms": [s.gradient_norm for s in steps]}
torch.save(seen | {"weights": network.state_dict(), "gradients": gradients}, f"{folder}/{size}-{rank}.pt")
if size > 1:
    distributed.destroy_process_group()
"""


def start(folder: Path, rank: int, size: int, rows_per_step: int) -> "subprocess.Popen[bytes]":
    words = [str(TESTS), str(folder), str(rank), str(size), str(rows_per_step)]
    return subprocess.Popen([sys.executable, "-c", PROGRAM, *words])


@pytest.mark.parametrize("rows_per_step", [4, 1])  # with one row a step, a process has nothing to do
def test_two_processes_learn_what_one_does(tmp_path: Path, rows_per_step: int) -> None:
    running = [start(tmp_path, *place, rows_per_step) for place in ((0, 1), (0, 2), (1, 2))]
    assert [process.wait(timeout=200) for process in running] == [0, 0, 0]
    alone, first, second = (torch.load(tmp_path / f"{name}.pt") for name in ("1-0", "2-0", "2-1"))
    assert len(alone["losses"]) == -(-11 // rows_per_step)
    for both in (first, second):
        assert both["losses"] == pytest.approx(alone["losses"], rel=1e-10)
        assert both["norms"] == pytest.approx(alone["norms"], rel=1e-10)
        assert both["gradients"].keys() == alone["gradients"].keys()
        for name, gradient in alone["gradients"].items():
            torch.testing.assert_close(both["gradients"][name], gradient, rtol=1e-10, atol=1e-12)
    for name, weight in first["weights"].items():
        assert torch.equal(weight, second["weights"][name])  # or they would drift apart


def test_alone_nothing_changes() -> None:
    rows = random_rows(5)
    assert Ranks.here() == Ranks()
    assert Ranks().share(rows) is rows
    assert Ranks().add_up(Loss(1.0, 2.0), []) == Loss(1.0, 2.0)


@pytest.mark.parametrize("size", [2, 3, 8])
def test_every_row_has_one_owner_and_nobody_has_much_more_to_do(size: int) -> None:
    rows = random_rows(40)
    shares = [Ranks(rank, size).share(rows) for rank in range(size)]
    assert sorted(row.key for share in shares for row in share) == sorted(row.key for row in rows)
    work = [sum(len(row) for row in share) for share in shares]
    assert max(work) - min(work) <= max(len(row) for row in rows)
