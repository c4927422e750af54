"""The state that a network is in before each token: what a memory knows a context by.

Letters in shapes: B rows, T tokens, D width, C predictions asked for.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from tunesmith.core.cards import Encoded
from tunesmith.core.errors import BadOption
from tunesmith.core.memory import Forward
from tunesmith.core.wrapped import inside

if TYPE_CHECKING:
    from torch import Tensor, nn
    from transformers import PreTrainedModel

Place = Literal["feed_forward", "output"]
"""Where a state is taken: what enters the last feed-forward layer, or what leaves the network's body."""

FEED_FORWARD = frozenset(("mlp", "ffn", "feed_forward", "feedforward", "block_sparse_moe", "DenseReluDense"))
"""What feed-forward layers are called, in the architectures that transformers knows."""


class Heard:
    """The states of what went through a network last."""

    def __init__(self) -> None:
        self._states: Tensor | None = None

    @property
    def states(self) -> Tensor:
        """Give the states [B, T, D] of the last pass."""
        assert self._states is not None, "nothing went through the network yet"
        return self._states

    def hear(self, states: Tensor) -> None:
        """Remember the states of a pass, instead of those of the one before."""
        self._states = states.detach()


@contextmanager
def listening(network: PreTrainedModel, place: Place) -> Generator[Heard]:
    """Note the states of all that goes through a network; nothing in it changes.

    Raises BadOption where the place is not found.
    """
    heard = Heard()

    def before(_: nn.Module, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        heard.hear(given[0] if given else named["hidden_states"])

    def after(_: nn.Module, __: Any, output: Any) -> None:
        heard.hear(output.last_hidden_state)

    if place == "output":
        handle = inside(network).get_decoder().register_forward_hook(after)
    else:
        handle = _last_feed_forward(network).register_forward_pre_hook(before, with_kwargs=True)
    try:
        yield heard
    finally:
        handle.remove()


def of_row(forward: Forward, row: Encoded, place: Place) -> tuple[Tensor, Tensor]:
    """Give the state before every wanted token of a row, [C, D], and the tokens, [C].

    They depend on this row alone: it goes through the network by itself. So a memory from which rows were
    removed is, to the bit, the one that never read them.
    """
    import torch

    forward.network.eval()
    with torch.no_grad(), listening(forward.network, place) as heard:
        for batch in forward.passes([row], len(row)):
            forward.hidden(batch)
            return asked(heard, batch), batch.asked(batch.targets_S)
    return torch.zeros((0, 0)), torch.zeros(0, dtype=torch.int64)  # nothing of the row is wanted


def asked(heard: Heard, batch: Any) -> Tensor:
    """Give the states [C, D] from which a pass predicts what it is asked."""
    states = heard.states
    return batch.asked(states.reshape(-1, states.shape[-1]).index_select(0, batch.rows_S))


def _last_feed_forward(network: PreTrainedModel) -> nn.Module:
    """Find the last module with such a name; of those within each other, the outermost."""
    found: dict[str, nn.Module] = {}
    for name, module in network.named_modules():
        is_inside = any(name.startswith(f"{outer}.") for outer in found)
        if name.rsplit(".", 1)[-1] in FEED_FORWARD and not is_inside:
            found[name] = module
    if not found:
        kind = type(inside(network)).__name__
        raise BadOption(
            f"memory.neighbours.state: {kind} has no layer that is known as a feed-forward one. "
            "Set state: output."
        )
    return list(found.values())[-1]
