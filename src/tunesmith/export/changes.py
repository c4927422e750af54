"""changes.safetensors: what was trained and no adapter of peft's holds, by its names in the network.

The file also says which method with which options makes a network that has these names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from pydantic import TypeAdapter

from tunesmith.core.contracts import Method
from tunesmith.core.errors import DamagedFile
from tunesmith.core.kept import CHANGES, check_fit
from tunesmith.core.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor, nn

FORMAT = 1


@runtime_checkable
class Continues(Protocol):
    """A method that goes on with what another one has begun, and leaves what that one would leave."""

    def begun_by(self) -> Method:
        """Give the method that makes the same network."""
        ...


@runtime_checkable
class Gathers(Protocol):
    """A method made of several, some of which may leave what no adapter of peft's holds."""

    @property
    def methods(self) -> tuple[Method, ...]:
        """The methods it is made of."""
        ...


def maker(method: Method) -> Method:
    """Give the method that makes the network, whichever trained it last."""
    return method.begun_by() if isinstance(method, Continues) else method


def write(tensors: Mapping[str, Tensor], method: Method, folder: Path) -> None:
    """Write tensors, and the method that makes room for them."""
    from safetensors.torch import save_file

    made_by = maker(method).keep(folder)
    name = Registry("method", Method).name_of(made_by)
    options = TypeAdapter[Any](type(made_by)).dump_python(made_by, mode="json")
    about = {"format": str(FORMAT), "method": json.dumps({"name": name, "options": options})}
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    save_file(plain, folder / CHANGES, metadata=about)


def method_of(folder: Path) -> tuple[str, Mapping[str, Any]]:
    """Give the name and the options of the method that makes room; raises DamagedFile if it does not say."""
    from safetensors import SafetensorError, safe_open

    path = folder / CHANGES
    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
        found = json.loads(about["method"])
        written, name, options = int(about["format"]), found["name"], found["options"]
    except (SafetensorError, KeyError, ValueError, TypeError):
        raise DamagedFile(f"{path} does not say how it was made. Export the package again.") from None
    if written > FORMAT:
        raise DamagedFile(
            f"{path} has format {written}; this version reads up to {FORMAT}. Update Tunesmith."
        )
    return name, options


def place(network: nn.Module, folder: Path) -> None:
    """Put tensors into a network that has room for them; raises DamagedFile unless all fit, and no others.

    They belong to what learns in the network and no adapter of peft's holds.
    """
    import torch
    from safetensors.torch import load_file

    stored = load_file(folder / CHANGES)
    wanted = beside_adapter(network)
    check_fit(folder / CHANGES, wanted, stored)
    with torch.no_grad():
        for name, parameter in wanted.items():
            parameter.copy_(stored[name])


def beside_adapter(network: nn.Module) -> dict[str, nn.Parameter]:
    """Give the parameters that learn and that no adapter of peft's holds, by name."""
    from peft import PeftModel, get_peft_model_state_dict

    learning = {name: each for name, each in network.named_parameters() if each.requires_grad}
    if not isinstance(network, PeftModel):
        return learning
    if network.active_peft_config.is_prompt_learning:  # what writes its vectors learns, and they are kept
        learning = {name: each for name, each in learning.items() if not name.startswith("prompt_encoder.")}
    held = get_peft_model_state_dict(network, save_embedding_layers=False).values()
    places = {tensor.data_ptr() for tensor in held}
    return {name: each for name, each in learning.items() if each.data_ptr() not in places}
