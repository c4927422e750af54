"""LoRA: low-rank adaptation (Hu et al., 2021, https://arxiv.org/abs/2106.09685)."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal
from warnings import catch_warnings, filterwarnings

from pydantic import Field

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.core.errors import BadOption
from tunesmith.core.registry import did_you_mean

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class LoRA(Method):
    """Train a low-rank change beside each chosen weight; all else stays as it is."""

    leaves_adapter = True
    rank: Annotated[int, Field(ge=1, le=1024, description="Size of the change.")] = 16
    alpha: Annotated[float, Field(gt=0, description="The change is scaled by alpha / rank.")] = 32.0
    dropout: Annotated[float, Field(ge=0, lt=1, description="Share of inputs dropped while training.")] = 0.0
    targets: Annotated[
        Literal["all-linear"] | tuple[str, ...],
        Field(description="Names of the changed layers, or all linear ones."),
    ] = "all-linear"

    def apply(self, model: Model, seed: int) -> Model:
        """Wrap the network with peft's layers: A drawn from the seed, B zero, so that nothing changes yet.

        Raises BadOption for a target that the base does not have: peft would leave it out in silence.
        """
        import torch
        from peft import LoraConfig, get_peft_model
        from transformers.pytorch_utils import Conv1D

        self._check_targets(model)
        config = LoraConfig(
            r=self.rank,
            lora_alpha=self.alpha,  # type: ignore[arg-type]  # peft divides it; a float is as good as an int
            lora_dropout=self.dropout,
            target_modules=self.targets if isinstance(self.targets, str) else list(self.targets),
            task_type="CAUSAL_LM",
            fan_in_fan_out=any(isinstance(layer, Conv1D) for layer in model.network.modules()),
        )
        with torch.random.fork_rng(), catch_warnings():
            # peft asks transformers for it by a name that transformers is about to drop.
            filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)
            torch.manual_seed(seed)
            try:
                network = get_peft_model(model.network, config)
            except ValueError as error:
                raise BadOption(f"method.lora.targets: {str(error).splitlines()[0]}") from None
            _draw(network, seed)
        return replace(model, network=network)

    def merge(self, model: Model) -> Model:
        """Add the change to the weights it stands beside (paper, section 4.1) and drop peft's layers."""
        return replace(model, network=model.network.merge_and_unload(safe_merge=True))  # type: ignore[operator]

    def _check_targets(self, model: Model) -> None:
        from torch.nn import Linear
        from transformers.pytorch_utils import Conv1D

        if isinstance(self.targets, str):
            return
        layers = {f".{name}": layer for name, layer in model.network.named_modules()}
        linear = {n.rsplit(".", 1)[-1] for n, layer in layers.items() if isinstance(layer, Linear | Conv1D)}
        for target in self.targets:
            if not any(name.endswith(f".{target}") for name in layers):
                known = did_you_mean(target, sorted(linear))
                raise BadOption(f"method.lora.targets: {model.name} has no layer called {target!r}.{known}")


def _draw(network: "nn.Module", seed: int) -> None:
    """Draw the A of linear layers in float32, as peft does beside a base in float32; others it rounds."""
    import torch
    from peft.tuners.lora.layer import LoraLayer

    torch.manual_seed(seed)
    for layer in network.modules():
        if isinstance(layer, LoraLayer) and "default" in layer.lora_A:
            weight: Any = layer.lora_A["default"].weight
            weight.data.copy_(torch.nn.init.kaiming_uniform_(torch.empty(weight.shape), a=5**0.5))
