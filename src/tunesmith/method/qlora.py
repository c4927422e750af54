"""QLoRA: LoRA beside a base held in few bits (Dettmers et al., 2023, https://arxiv.org/abs/2305.14314)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.core.errors import MissingExtra
from tunesmith.core.task import Held
from tunesmith.method import _low_rank, _peft
from tunesmith.method._low_rank import Alpha, Alphas, Dropout, Rank, Ranks, Targets
from tunesmith.method._network import check

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel


@dataclass(frozen=True, kw_only=True)
class QLoRA(Method):
    """Train a low-rank change beside weights held in 4 or 8 bits: a large base in little memory."""

    leaves_adapter = True
    embeddings = False
    parameters = ()
    bits: Annotated[
        Held,
        Field(description="How the base is held: in 4 bits and doubly quantised, or in 8."),
    ] = "nf4"
    rank: Rank = 16
    alpha: Alpha = 32.0
    dropout: Dropout = 0.0
    targets: Targets = "all-linear"
    ranks: Ranks = field(default_factory=dict)
    alphas: Alphas = field(default_factory=dict)

    @property
    def holds(self) -> Held:
        """In how few bits the base must be held."""
        return self.bits

    def refuses(self, network: PreTrainedModel) -> str:
        """Name what the network does not have: peft would leave it out in silence."""
        return _low_rank.refuses(self, network)

    def apply(self, model: Model, seed: int) -> Model:
        """Wrap a network held in few bits: A drawn from the seed, B zero, so that nothing changes yet.

        Raises BadOption where it is held in more, MissingExtra without bitsandbytes.
        """
        held = _quantised(model.network)
        check("" if held else f"It is not held in {self.bits}.", model, "qlora")
        for layer in held:
            _keep_layout(layer)
        return _low_rank.wrap(self, model, seed, "qlora", {})

    def merge(self, model: Model) -> Model:
        """Widen all weights to float32 and add the change.

        What is widened is what was trained against, and not the base as it was before it was quantised: the
        answers are those of the trained model up to rounding.
        """
        import torch

        wrapped: Any = model.network
        names = {id(layer): name for name, layer in wrapped.get_base_model().named_modules()}
        changes = {names[id(layer)]: _low_rank.change_of(layer) for layer in _low_rank.layers(wrapped)}
        _peft.place_heads(wrapped)
        with _peft.without_chatter():
            plain = wrapped.unload().dequantize(dtype=torch.float32).float()
        for name, change in changes.items():
            plain.get_submodule(name).weight.data += change
        _transpose_back(plain)
        return replace(model, network=plain)


def _quantised(network: nn.Module) -> list[nn.Module]:
    try:
        from bitsandbytes.nn.modules import Linear4bit, Linear8bitLt
    except ImportError:
        raise MissingExtra("method: qlora", "quantised") from None
    return [layer for layer in network.modules() if isinstance(layer, Linear4bit | Linear8bitLt)]


def _keep_layout(layer: nn.Module) -> None:
    """Keep bitsandbytes from packing weights for some CPUs when a network is read but not trained.

    What is packed is computed in 16 bits, gives no gradient and says nothing about it, and stays packed.
    """
    if "support_avx512bf16_for_cpu" in vars(layer):
        layer.state_dict()  # which unpacks
        layer.support_avx512bf16_for_cpu = False  # type: ignore[assignment]  # nn.Module types all as its own


def _transpose_back(network: PreTrainedModel) -> None:
    """Store matrices the other way round again where the architecture does: quantised, none of them is."""
    from accelerate import init_empty_weights
    from transformers.pytorch_utils import Conv1D

    with init_empty_weights():
        shape = type(network)(network.config)
    for name, layer in shape.named_modules():
        found: Any = network.get_submodule(name)
        if isinstance(layer, Conv1D) and not isinstance(found, Conv1D):
            other = Conv1D(found.out_features, found.in_features).to(found.weight.device)
            other.weight.data, other.bias.data = found.weight.data.T.contiguous(), found.bias.data
            network.set_submodule(name, other)
