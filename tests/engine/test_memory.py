import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest
import torch

from tiny_networks import network_of
from tunesmith.engine.fit import fit
from tunesmith.engine.forward import Forward
from tunesmith.engine.memory import Need, checkpointable, checkpointed, measure, plan_memory, room_for

CPU = torch.device("cpu")

PEAK = """
import sys, threading, time
from array import array
import psutil, torch
from transformers import LlamaConfig, LlamaForCausalLM
from tunesmith.core.cards import Encoded
from tunesmith.engine.fit import fit
from tunesmith.engine.memory import all_twice, checkpointed, measure
torch.set_num_threads(1)
twice, tokens = int(sys.argv[1]), 2048
config = LlamaConfig(
    vocab_size=4000, hidden_size=256, intermediate_size=1024, num_hidden_layers=6, num_attention_heads=4
)
network = LlamaForCausalLM(config)
learning = sum(p.numel() * 12 for p in network.parameters())
rows = [Encoded(array("l", [n] * 257), array("f", [0.0] * 180 + [1.0] * 77)) for n in range(16)]
highest, is_done = 0, threading.Event()
def watch():
    global highest
    while not is_done.is_set():
        highest = max(highest, psutil.Process().memory_info().rss)
        time.sleep(0.001)
with fit(network) as forward:
    need = measure(forward, learning)
    said = (all_twice(forward, need) if twice else need).peak(tokens)
    optimizer = torch.optim.AdamW(network.parameters(), fused=True)
    network.train()
    watcher = threading.Thread(target=watch)
    watcher.start()
    with checkpointed(network, twice):
        for _ in range(2):
            for batch in forward.passes(rows, tokens):
                forward.logprobs(batch).sum().backward()
            optimizer.step()
            optimizer.zero_grad()
    is_done.set()
    watcher.join()
print(said / highest)
"""


@pytest.fixture
def forward() -> Iterator[Forward]:
    with fit(network_of("llama").train()) as fitted:
        yield fitted


@pytest.mark.parametrize("twice", [0, 6])
def test_the_estimate_is_within_15_percent_of_the_measured_peak(twice: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PEAK, str(twice)], capture_output=True, text=True, check=True
    )
    assert 0.85 < float(done.stdout) < 1.15


def test_measuring_learns_nothing_and_draws_nothing(forward: Forward) -> None:
    before = {name: p.detach().clone() for name, p in forward.network.named_parameters()}
    state = torch.get_rng_state()
    first = measure(forward, learning=0)
    assert torch.equal(torch.get_rng_state(), state)
    assert forward.network.training
    for name, parameter in forward.network.named_parameters():
        assert parameter.grad is None
        assert torch.equal(parameter, before[name])
    gc.collect()
    again = measure(forward, learning=0)
    assert (first.fixed, first.per_token) == (again.fixed, again.per_token)
    assert first.per_token > 0


def test_with_room_enough_nothing_is_computed_twice(forward: Forward) -> None:
    plan = plan_memory(forward, longest=50, wanted=None, most=3000, learning=10**6, room=10**12)
    assert (plan.tokens_per_pass, plan.checkpointed) == (3000, 0)
    assert "twice" not in plan.describe()


def test_with_less_room_passes_get_smaller_before_anything_is_computed_twice(forward: Forward) -> None:
    need = measure(forward, learning=10**6)
    room = int(10**6 + need.fixed + need.per_token * 700)
    plan = plan_memory(forward, longest=50, wanted=None, most=3000, learning=10**6, room=room)
    assert 690 <= plan.tokens_per_pass <= 700
    assert plan.checkpointed == 0


def test_only_where_the_longest_row_does_not_fit_layers_are_computed_twice(forward: Forward) -> None:
    need = measure(forward, learning=0)
    room = int(need.fixed + need.per_token * 180)
    plan = plan_memory(forward, longest=200, wanted=None, most=3000, learning=0, room=room)
    assert plan.tokens_per_pass == 200
    assert 1 <= plan.checkpointed <= 2
    assert f"{plan.checkpointed} of 2 layers computed twice" in plan.describe()


def test_what_the_recipe_says_is_kept(forward: Forward) -> None:
    plan = plan_memory(forward, longest=50, wanted=77, most=3000, learning=0, room=10**12)
    assert plan.tokens_per_pass == 77


@pytest.mark.parametrize("count", [1, 2])
def test_computing_layers_twice_changes_no_gradient(forward: Forward, count: int) -> None:
    row = torch.arange(40)[None]

    def gradients() -> dict[str, torch.Tensor]:
        forward.network.zero_grad()
        forward.network.base_model(row, use_cache=False).last_hidden_state.square().sum().backward()
        return {name: p.grad.clone() for name, p in forward.network.named_parameters() if p.grad is not None}

    network = forward.network
    network.set_attn_implementation("sdpa")
    plain = gradients()
    with checkpointed(network, count):
        chosen = [layer for layer in checkpointable(network) if layer.gradient_checkpointing]
        assert len(chosen) == count
        twice = gradients()
    assert not any(layer.gradient_checkpointing for layer in checkpointable(network))
    assert plain.keys() == twice.keys()
    for name, gradient in plain.items():
        torch.testing.assert_close(twice[name], gradient, rtol=1e-6, atol=1e-6)


def test_computing_layers_twice_takes_less(forward: Forward) -> None:
    plain = measure(forward, learning=0)
    with checkpointed(forward.network, 2):
        assert measure(forward, learning=0).per_token < 0.7 * plain.per_token


def test_a_need_is_a_line() -> None:
    need = Need(present=1000, learning=100, fixed=10, per_token=2)
    assert need.peak(tokens=50) == 1210
    assert need.tokens(room=210) == 50


def test_there_is_room() -> None:
    assert 10**6 < room_for(CPU) < 10**14
