"""Adapters in peft's format (https://huggingface.co/docs/peft/developer_guides/checkpoint), and the rest."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Exporter, Method
from tunesmith.core.errors import BadOption
from tunesmith.export import changes
from tunesmith.export.origin import hub_origin

if TYPE_CHECKING:
    from peft import PeftModel


@dataclass(frozen=True, kw_only=True)
class Adapter(Exporter):
    """Write only what was trained beside the base: small, and of use only with that base."""

    needs_adapter = True

    def write(self, model: Model, method: Method, folder: Path) -> None:
        """Write what peft can hold in its format, the rest beside it; the model stays as it is.

        Raises BadOption for a method that leaves the base's own weights changed, or where embeddings were
        resized.
        """
        from peft import PeftModel

        if not method.leaves_adapter:
            raise BadOption(
                f"export: adapter needs a method that makes one, such as lora; {type(method).__name__} "
                "changes the weights themselves. Write `export: merged`."
            )
        _check_rows(model)
        beside = changes.beside_adapter(model.network)
        if isinstance(model.network, PeftModel):
            if beside and not isinstance(changes.maker(method), changes.Gathers):
                names = ", ".join([*beside][:3])
                raise BadOption(f"export: an adapter would leave behind {names}. Write `export: merged`.")
            _write_peft(model, model.network, folder)
        if beside:
            changes.write(beside, method, folder)


def _check_rows(model: Model) -> None:
    from transformers import AutoConfig

    base = AutoConfig.from_pretrained(model.folder, trust_remote_code=False)
    if base.get_text_config().vocab_size != model.network.config.get_text_config().vocab_size:
        raise BadOption(
            "export: an adapter would leave behind the embeddings, which have another number of rows than "
            "the base's. Write `export: merged`."
        )


def _write_peft(model: Model, network: "PeftModel", folder: Path) -> None:
    configuration: Any = network.peft_config["default"]
    origin = hub_origin(model)
    configuration.base_model_name_or_path = origin[0] if origin else str(model.folder)
    configuration.revision = origin[1] if origin else None
    for name, value in vars(configuration).items():
        if isinstance(value, set):  # a list is as good, and in the same order in every process
            setattr(configuration, name, sorted(value))
    # Without an explicit answer peft compares the embeddings with the base's, even over the network.
    network.save_pretrained(str(folder), save_embedding_layers=False)
