"""Feature-based use of a frozen base: only a head learns (Peters et al., 2019, https://arxiv.org/abs/1903.05987)."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.core.errors import BadOption
from tunesmith.method._network import check, family, says

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, kw_only=True)
class Features(Method):
    """Train a head on averaged states of the frozen base: many epochs for the price of one reading."""

    leaves_adapter = True
    merges = False
    usual_rate = 5e-3

    hidden: Annotated[
        int | None, Field(ge=1, description="Units of a layer inside the head; unset: the head is linear.")
    ] = None

    def refuses(self, network: "PreTrainedModel") -> str:
        """Take networks that read one text and tell classes or a number of it."""
        if says(network) != "classes":
            return "Features are for objectives that tell classes or a number, such as classify."
        if family(network) == "encoder-decoder":
            return "A base that reads one text to write another has no state that stands for a text."
        return ""

    def apply(self, model: Model, seed: int) -> Model:
        """Put a new head, drawn from the seed, over the frozen body."""
        import torch

        from tunesmith.method._featured import Featured, new_head

        check(self.refuses(model.network), model, "features")
        body: Any = model.network.base_model
        outputs = len(model.task.labels) or 1
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            head = new_head(body.config.get_text_config().hidden_size, self.hidden, outputs)
        body.requires_grad_(False)
        network = Featured(body, head.to(body.device)).eval()
        return replace(model, network=network, task=replace(model.task, pools="mean"))

    def merge(self, model: Model) -> Model:
        """Raise BadOption: a head over averages is no network that others know."""
        raise BadOption("method.features: a head over averages cannot be merged. Write export: adapter.")
