"""What a frozen body gives for rows as a whole: computed once, then many epochs read it from disk.

Letters behind names: N rows, D width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tunesmith.core.cache import Cache
from tunesmith.core.cards import Encoded
from tunesmith.core.errors import Stopped
from tunesmith.core.hashing import hash_value
from tunesmith.engine.kept import NoRoom, States, kept
from tunesmith.engine.network import inner, learns_nothing
from tunesmith.engine.passes import Pass
from tunesmith.engine.precision import rounding
from tunesmith.engine.randomness import draws
from tunesmith.engine.trunk import CHECKED_TOKENS, TOKENS_AT_ONCE, name, origin, refuse

if TYPE_CHECKING:
    from tunesmith.engine.forward import Forward


@dataclass(frozen=True)
class Features:
    """What the head is given of each row, memory-mapped; `places` says where that of a row stands."""

    states_ND: NDArray[np.float32]
    places: dict[bytes, int]
    was_cached: bool = False

    def of(self, batch: Pass, rows: Sequence[Encoded]) -> Tensor:
        """Give what the head is given of the rows of a pass, [N, D]."""
        places = [self.places[name(rows[number])] for number in batch.numbers]
        return torch.from_numpy(self.states_ND[places]).to(batch.ids_BT.device)

    def describe(self) -> str:
        """Say what is read instead of computed."""
        how = "found in the cache" if self.was_cached else "computed once"
        return f"only the head learns: features of {len(self.places):,} rows {how}"


def with_features(
    forward: Forward,
    rows: Sequence[Encoded],
    cache: Cache,
    base: str,
    is_asked_to_stop: Callable[[], bool] = lambda: False,
) -> Forward:
    """Let a forward read what its frozen body gives for these rows; computed first where not cached.

    `base` names the weights and all that was done to them. Where the body learns or drops values at random,
    or the disk refuses, the forward is given back as it is, with the reason. Raises Stopped when asked to
    stop; what was computed is lost then.
    """
    if reason := _speaks_against(forward, rows):
        return refuse(forward, "features", reason)
    places: dict[bytes, int] = {}
    for row in rows:
        places.setdefault(name(row), len(places))
    key = origin(forward, base) | {"rows": hash_value([one.hex() for one in places])}
    shape = (len(places), inner(forward.network).config.get_text_config().hidden_size)

    def fill(states: States) -> None:
        _fill(forward, Features(states, places), rows, is_asked_to_stop)

    try:
        states, was_cached = kept(cache, "features", key, shape, fill)
    except (NoRoom, OSError) as error:
        return refuse(forward, "features", f"the disk refuses: {error}")
    return _checked(forward, replace(forward, features=Features(states, places, was_cached)), rows)


def _speaks_against(forward: Forward, rows: Sequence[Encoded]) -> str:
    if not forward.levers.own_head:
        return "the head looks at more than one state of a row"
    if not learns_nothing(forward.network):
        return "the body learns"
    batch = next(forward.passes(rows, CHECKED_TOKENS))
    forward.network.train()
    is_random = draws(lambda: forward.pooled(batch))
    forward.network.eval()
    return "the body drops values at random, anew in every epoch" if is_random else ""


@torch.no_grad()
def _fill(
    forward: Forward, features: Features, rows: Sequence[Encoded], is_asked_to_stop: Callable[[], bool]
) -> None:
    forward.network.eval()
    for batch in forward.passes(rows, TOKENS_AT_ONCE):
        if is_asked_to_stop():
            raise Stopped("Stopped while computing features.")
        places = [features.places[name(rows[number])] for number in batch.numbers]
        features.states_ND[places] = forward.pooled(batch).float().cpu().numpy()


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
    return refuse(plain, "features", f"log-probabilities differ by {difference:.1e}")
