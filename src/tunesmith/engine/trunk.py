"""What frozen layers below the lowest one that learns give for each row: computed once, then read from disk.

Letters behind names: B rows, T tokens, D width.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import PreTrainedModel

from tunesmith.core.cache import Cache
from tunesmith.core.cards import Encoded
from tunesmith.core.errors import Stopped
from tunesmith.core.hashing import hash_value
from tunesmith.engine.kept import NoRoom, States, kept
from tunesmith.engine.network import frozen_depth, layers_of
from tunesmith.engine.passes import Pass
from tunesmith.engine.precision import rounding
from tunesmith.engine.randomness import draws

if TYPE_CHECKING:
    from tunesmith.engine.forward import Forward

TOKENS_AT_ONCE = 2048
"""Tokens of a pass that computes states: always the same, as the last bits follow from it."""
CHECKED_TOKENS = 256
"""Tokens for which what is read is held against what the network computes."""


@dataclass(frozen=True)
class Trunk:
    """What leaves the lowest `depth` layers, memory-mapped; `starts` says where the states of a row begin.

    Rows are known by their ids: the states of a row do not depend on the pass they were computed in.
    """

    depth: int
    states_TD: NDArray[np.float32]
    starts: dict[bytes, int]
    was_cached: bool = False

    def below(self, batch: Pass, rows: Sequence[Encoded]) -> Tensor:
        """Give the states of a pass, [B, T, D], zero where there is padding."""
        width = self.states_TD.shape[1]
        states = np.zeros((batch.ids_BT.numel(), width), dtype=np.float32)
        for number, place in zip(batch.numbers, batch.places, strict=True):
            start = self.starts[name(rows[number])]
            states[place] = self.states_TD[start : start + len(place)]
        return torch.from_numpy(states).view(*batch.ids_BT.shape, width).to(batch.ids_BT.device)

    def describe(self) -> str:
        """Say what is read instead of computed."""
        size = self.states_TD.nbytes / 1e6
        how = "found in the cache" if self.was_cached else "computed once"
        return f"the lowest {self.depth} layers are frozen: {how}, {size:,.1f} MB"


def with_trunk(
    forward: Forward,
    rows: Sequence[Encoded],
    cache: Cache,
    base: str,
    is_asked_to_stop: Callable[[], bool] = lambda: False,
) -> Forward:
    """Let a forward read what its frozen layers give for these rows; computed first where not cached.

    `base` names the weights and all that was done to them. Where nothing below learns, or the states fit
    neither network nor disk, the forward is given back as it is, with the reason. Raises Stopped when asked
    to stop; what was computed is lost then.
    """
    depth = 0 if forward.reading.family == "encoder-decoder" else frozen_depth(forward.network)
    if not depth:
        return forward
    if reason := _speaks_against(forward, rows):
        return _refuse(forward, reason)
    starts, size = _starts(rows)
    shape = (size, forward.network.config.get_text_config().hidden_size)
    named = hash_value([[one.hex(), start] for one, start in starts.items()])
    key = origin(forward, base) | {"depth": depth, "rows": named}

    def fill(states: States) -> None:
        _grow(forward, Trunk(depth, states, starts), rows, is_asked_to_stop)

    try:
        states, was_cached = kept(cache, "trunk", key, shape, fill)
        return _checked(forward, replace(forward, trunk=Trunk(depth, states, starts, was_cached)), rows)
    except (NotImplementedError, LookupError) as error:
        return _refuse(forward, f"the layers do not take it ({type(error).__name__}: {error})")
    except NoRoom as error:
        return _refuse(forward, str(error))
    except OSError as error:
        return _refuse(forward, f"the disk refuses: {error.strerror}")


def _speaks_against(forward: Forward, rows: Sequence[Encoded]) -> str:
    if forward.reading.task.says == "vector":
        return "texts that are compared have passes of their own"
    return "the network drops values at random, anew in every epoch" if _draws(forward, rows) else ""


@contextmanager
def standing_in(network: PreTrainedModel, depth: int, below: Tensor) -> Generator[None]:
    """Let the layers below `depth` give these states instead of computing them."""
    layers = layers_of(network)[:depth]
    for layer in layers:
        layer.forward = _pass_on
    layers[-1].forward = partial(_give, below)
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward


def _pass_on(hidden_states: Tensor, *_: Any, **__: Any) -> Tensor:
    return hidden_states


def _give(below: Tensor, *_: Any, **__: Any) -> Tensor:
    return below


def _grow(
    forward: Forward, trunk: Trunk, rows: Sequence[Encoded], is_asked_to_stop: Callable[[], bool]
) -> None:
    """Compute the states of all rows and write them where they belong."""
    forward.network.eval()
    for batch in forward.passes(rows, TOKENS_AT_ONCE):
        if is_asked_to_stop():
            raise Stopped("Stopped while computing what the frozen layers give.")
        found = _leaving(forward, trunk.depth, batch).flatten(0, 1).float().cpu().numpy()
        for number, place in zip(batch.numbers, batch.places, strict=True):
            start = trunk.starts[name(rows[number])]
            trunk.states_TD[start : start + len(place)] = found[place]


@torch.no_grad()
def _leaving(forward: Forward, depth: int, batch: Pass) -> Tensor:
    """Run a pass and give what leaves the layer below `depth`."""
    found: list[Any] = []
    below = layers_of(forward.network)[depth - 1]
    hook = below.register_forward_hook(lambda _layer, _inputs, output: found.append(output))
    try:
        forward.hidden(batch)
    finally:
        hook.remove()
    if not isinstance(found[0], Tensor):
        raise NotImplementedError("the layers give more than hidden states")
    return found[0]


@torch.no_grad()
def _draws(forward: Forward, rows: Sequence[Encoded]) -> bool:
    batch = next(forward.passes(rows, CHECKED_TOKENS))
    forward.network.train()
    found = draws(lambda: forward.hidden(batch))
    forward.network.eval()
    return found


@torch.no_grad()
def _checked(plain: Forward, reading: Forward, rows: Sequence[Encoded]) -> Forward:
    """Compare a pass that reads with one that computes; a cache that is not what it should be shows here."""
    some = next(plain.passes(rows, CHECKED_TOKENS))
    few = [rows[number] for number in some.numbers]
    computed, read = (
        torch.cat([forward.logprobs(batch) for batch in forward.passes(few, CHECKED_TOKENS)])
        for forward in (plain, reading)
    )
    difference = float((computed - read).abs().max())
    if difference <= rounding(plain.compute):
        return reading
    return _refuse(plain, f"log-probabilities differ by {difference:.1e}")


def refuse(forward: Forward, what: str, reason: str) -> Forward:
    """Give a forward back with the reason why something is not cached."""
    return replace(forward, refused=(*forward.refused, f"cache of {what}: {reason}"))


def origin(forward: Forward, base: str) -> dict[str, Any]:
    """Say what all that is cached follows from, besides the rows."""
    return {
        "base": base,
        "compute": str(forward.compute),
        "device": forward.network.device.type,
        "versions": [version("torch"), version("transformers")],
    }


def _refuse(forward: Forward, reason: str) -> Forward:
    return refuse(forward, "frozen layers", reason)


def _starts(rows: Sequence[Encoded]) -> tuple[dict[bytes, int], int]:
    starts: dict[bytes, int] = {}
    size = 0
    for row in rows:
        if name(row) not in starts:
            starts[name(row)] = size
            size += len(row)
    return starts, size


def name(row: Encoded) -> bytes:
    """Name a row by what a network reads of it."""
    return row.ids.tobytes() + row.second.to_bytes(4, "little")
