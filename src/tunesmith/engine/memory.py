"""How much memory a step takes, known before it is taken, and what to do where it is too much.

The bytes of a pass are counted, not guessed: two small passes are run while every live tensor is metered, and
a line through both tells the rest. Checkpointing, which computes activations twice, is the last resort.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.checkpoint import checkpoint
from transformers.modeling_layers import GradientCheckpointingLayer

from tunesmith.engine.forward import Forward
from tunesmith.engine.network import positions_of
from tunesmith.engine.randomness import random_state, set_random_state
from tunesmith.engine.samples import sample

SAMPLES = (64, 192)
"""Tokens of the two passes that are metered."""
MOST_TOKENS = {"cpu": 4096, "cuda": 32768}
"""More tokens than these in one pass make nothing faster."""
MARGIN = 0.85
"""The share of the free memory that is planned with; the rest is for what is not counted."""


@dataclass(frozen=True)
class Need:
    """Bytes: what is there already, what learning adds, and what a pass of some tokens takes at its peak."""

    present: int
    learning: int
    fixed: float
    per_token: float

    def peak(self, tokens: int) -> int:
        """Give the largest amount at any time with passes of this many tokens."""
        return round(self.present + self.learning + self.fixed + self.per_token * tokens)

    def towards(self, other: Need, share: float) -> Need:
        """Give what is needed where so large a share of the layers works as in `other`."""
        fixed = self.fixed + (other.fixed - self.fixed) * share
        return replace(
            self, fixed=fixed, per_token=self.per_token + (other.per_token - self.per_token) * share
        )

    def tokens(self, room: int) -> int:
        """Give how many tokens fit into so many bytes beyond what is present."""
        return int((room - self.learning - self.fixed) / self.per_token)


@dataclass(frozen=True)
class MemoryPlan:
    """How a step is cut so that it fits: tokens in a pass, and layers whose activations come twice."""

    tokens_per_pass: int
    checkpointed: int
    layers: int
    need: Need
    room: int

    def describe(self) -> str:
        """Say what was planned and what it will take, also where that is more than there is."""
        again = f", {self.checkpointed} of {self.layers} layers computed twice" if self.checkpointed else ""
        peak = self.need.peak(self.tokens_per_pass)
        planned = f"{self.tokens_per_pass:,} tokens per pass{again}, {peak / 2**30:.2f} GiB at the peak"
        over = peak - self.need.present - self.room
        return f"{planned}: {over / 2**30:.2f} GiB more than is free" if over > 0 else planned


def plan_memory(
    forward: Forward, longest: int, wanted: int | None, most: int, learning: int, room: int
) -> MemoryPlan:
    """Choose the tokens of a pass and the layers to be checkpointed, so that a step fits in `room` bytes.

    `longest` is the length of the longest row, which is never split; `wanted` what the recipe says, if it
    does; `most` the tokens of a step; `learning` the bytes that gradients and optimizer will take.
    """
    need, layers = measure(forward, learning), len(checkpointable(forward.network))
    fast = max(longest, min(most, MOST_TOKENS[forward.network.device.type]))
    tokens = wanted or max(longest, min(fast, need.tokens(room)))
    if need.tokens(room) >= max(tokens, longest) or not layers:
        return MemoryPlan(tokens, 0, layers, need, room)
    least = all_twice(forward, need)
    mixes = [need.towards(least, count / layers) for count in range(1, layers + 1)]
    fitting = (count for count, mixed in enumerate(mixes, 1) if mixed.tokens(room) >= max(tokens, longest))
    count = next(fitting, layers)
    return MemoryPlan(tokens, count, layers, mixes[count - 1], room)


def measure(forward: Forward, learning: int) -> Need:
    """Meter two small passes up to the point where backward begins, and draw a line through them.

    The backward pass holds about as much again as one layer keeps: its gradients.
    """
    most = min(1, positions_of(forward.network) / SAMPLES[-1])
    (small, low), (large, high) = ((n, _held(forward, n)) for n in (int(most * sample) for sample in SAMPLES))
    kept = (high - low) / (large - small)
    per_token = kept + kept / max(1, len(checkpointable(forward.network)))
    return Need(resident_bytes(forward.network.device), learning, max(0.0, low - kept * small), per_token)


def all_twice(forward: Forward, plain: Need) -> Need:
    """Meter the same with every layer computed twice; the one that is computed again is held in full."""
    layers = len(checkpointable(forward.network))
    with checkpointed(forward.network, layers):
        least = measure(forward, plain.learning)
    return replace(least, per_token=least.per_token + 2 * plain.per_token / (layers + 1))


@contextmanager
def checkpointed(network: nn.Module, count: int) -> Generator[None]:
    """Keep nothing of `count` evenly spaced layers, but compute them again in the backward pass."""
    layers = checkpointable(network)
    chosen = [layers[place * len(layers) // count] for place in range(count)]
    for layer in chosen:
        layer.gradient_checkpointing = True
        vars(layer)["_gradient_checkpointing_func"] = partial(checkpoint, use_reentrant=False)
    try:
        yield
    finally:
        for layer in chosen:
            layer.gradient_checkpointing = False


def checkpointable(network: nn.Module) -> list[GradientCheckpointingLayer]:
    """Give the layers that transformers can compute twice, from the bottom up."""
    return [layer for layer in network.modules() if isinstance(layer, GradientCheckpointingLayer)]


def room_for(device: torch.device) -> int:
    """Give the bytes a step may take beyond what is there: most of what GPU or system have free."""
    if device.type == "cuda":
        free = (
            torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved() - torch.cuda.memory_allocated()
        )
    else:
        free = min(psutil.virtual_memory().available, _left_to_group())
    return round(free * MARGIN)


def resident_bytes(device: torch.device) -> int:
    """Give what this process holds now: on the GPU, or in memory."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device)
    return psutil.Process().memory_info().rss


def _left_to_group() -> int:
    """Containers are bounded by their control group, not by the machine (Linux, version 2)."""
    limit, used = (Path(f"/sys/fs/cgroup/memory.{name}") for name in ("max", "current"))
    if not limit.is_file() or (bound := limit.read_text().strip()) == "max":
        return sys.maxsize
    return int(bound) - int(used.read_text()) + _given_back(used.with_name("memory.stat"))


def _given_back(stat: Path) -> int:
    """Files that were read stay in memory until somebody needs it: that counts as used, but is free."""
    if not stat.is_file():
        return 0
    numbers = dict(line.split() for line in stat.read_text().splitlines())
    return int(numbers.get("inactive_file", 0))


def _held(forward: Forward, tokens: int) -> int:
    """Run one row of so many tokens forward, and give the most bytes that were alive at once."""
    network, device = forward.network, forward.network.device
    last = int(forward.reading.wanted == "next")  # it is only predicted
    row = sample([1] * (tokens + last), network, forward.reading)
    (batch,) = forward.passes([row], tokens)
    states, was_training = random_state(), network.training
    network.train()
    try:
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
            before = torch.cuda.memory_allocated(device)
            forward.logprobs(batch)
            return torch.cuda.max_memory_allocated(device) - before
        with _Meter() as meter:
            forward.logprobs(batch)
        return meter.peak
    finally:
        network.train(was_training)
        set_random_state(states)


class _Meter(TorchDispatchMode):
    """Counts the bytes of all tensors that operations have made and that are still alive."""

    def __init__(self) -> None:
        super().__init__()
        self.live, self.peak = 0, 0
        self.known: dict[int, weakref.ref[Any]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        for tensor in _tensors((args, kwargs)):
            self.note(tensor.untyped_storage(), 0)  # it was there before: a weight, or a view of one
        result = func(*args, **(kwargs or {}))
        for tensor in _tensors(result):
            self.note(tensor.untyped_storage(), tensor.untyped_storage().nbytes())
        return result

    def note(self, storage: torch.UntypedStorage, size: int) -> None:
        key = storage._cdata
        if key in self.known:
            return

        def freed(_: Any) -> None:
            self.live -= size
            self.known.pop(key, None)

        self.known[key] = weakref.ref(storage, freed)
        self.live += size
        self.peak = max(self.peak, self.live)


def _tensors(values: Any) -> list[Tensor]:
    return [value for value in tree_leaves(values) if isinstance(value, Tensor)]
