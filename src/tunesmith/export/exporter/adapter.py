"""Adapters in peft's format (https://huggingface.co/docs/peft/developer_guides/checkpoint)."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Exporter, Method
from tunesmith.core.errors import BadOption
from tunesmith.export.origin import hub_origin

if TYPE_CHECKING:
    from peft import PeftModel


@dataclass(frozen=True, kw_only=True)
class Adapter(Exporter):
    """Write only what was trained beside the base: small, and of use only with that base."""

    needs_adapter = True

    def write(self, model: Model, method: Method, folder: Path) -> None:
        """Write adapter_model.safetensors and adapter_config.json; the model stays as it is.

        Raises BadOption for a model without an adapter, or where more than the adapter changed.
        """
        from peft import LoraConfig, PeftModel

        network = model.network
        if not isinstance(network, PeftModel):
            raise BadOption(
                f"export: adapter needs a method that makes one, such as lora; {type(method).__name__} "
                "changes the weights themselves. Write `export: merged`."
            )
        _check_nothing_is_left_behind(model, network)
        configuration = network.peft_config["default"]
        origin = hub_origin(model)
        configuration.base_model_name_or_path = origin[0] if origin else str(model.folder)
        configuration.revision = origin[1] if origin else None
        if isinstance(configuration, LoraConfig) and isinstance(configuration.target_modules, set):
            configuration.target_modules = sorted(configuration.target_modules)  # type: ignore[assignment]  # a list is as good, and in the same order in every process
        # Without an explicit answer peft compares the embeddings with the base's, even over the network.
        network.save_pretrained(str(folder), save_embedding_layers=False)


def _check_nothing_is_left_behind(model: Model, network: "PeftModel") -> None:
    from peft import get_peft_model_state_dict
    from transformers import AutoConfig

    held = get_peft_model_state_dict(network, save_embedding_layers=False).values()
    places = {tensor.data_ptr() for tensor in held}
    changing = {name: p for name, p in network.named_parameters() if p.requires_grad}
    lost = [name for name, parameter in changing.items() if parameter.data_ptr() not in places]
    rows = AutoConfig.from_pretrained(model.folder).get_text_config().vocab_size
    if rows != network.config.get_text_config().vocab_size:
        lost.append("the embeddings, which have another number of rows than the base's")
    if lost:
        raise BadOption(
            f"export: an adapter would leave behind {', '.join(lost[:3])}. Write `export: merged`."
        )
