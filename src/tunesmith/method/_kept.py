"""What an earlier run has left in a folder: read, checked against a network, and put back into it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.core.errors import DamagedFile
from tunesmith.core.kept import ADAPTER, ADAPTER_TENSORS, CHANGES, check_fit
from tunesmith.method._parts import METHODS
from tunesmith.method._peft import without_chatter

if TYPE_CHECKING:
    from peft import PeftConfig
    from torch import Tensor

_UNMERGED = ("ADAPTION_PROMPT", "P_TUNING", "PREFIX_TUNING", "PROMPT_TUNING")
"""What peft cannot fold into weights, by its own names."""


_NOTHING = (None, False, [], {})
_PLAIN: dict[str, tuple[Any, ...]] = {
    "bias": (None, "none"),
    "init_lora_weights": (None, True, False, "gaussian"),
    **dict.fromkeys(
        ("lora_bias", "modules_to_save", "target_parameters", "trainable_token_indices"), _NOTHING
    ),
    **dict.fromkeys(("layer_replication", "alora_invocation_tokens"), _NOTHING),
}
"""What peft's options for low-rank adapters may be, so that A and B of linear layers are all there is."""


def begun_by(folder: Path) -> Method | None:
    """Give the method that made room for what is in a folder; None for an adapter that needs none."""
    if not (folder / CHANGES).is_file():
        return None
    from safetensors import safe_open

    with safe_open(folder / CHANGES, framework="pt") as file:
        about = file.metadata() or {}
    if "method" not in about:
        raise DamagedFile(f"{folder / CHANGES} does not say how it was made. Export the package again.")
    made = json.loads(about["method"])
    return METHODS.build(made["name"], made["options"]).within(folder)


def refuses(folder: Path) -> str:
    """Say why what is in a folder cannot be continued; empty where it can."""
    if (folder / CHANGES).is_file():
        return ""
    if not (folder / ADAPTER).is_file():
        return f"{folder} holds no adapter: neither {ADAPTER} nor {CHANGES} is there."
    written = _written(folder)
    if written["peft_type"] == "P_TUNING" or written.get("prefix_projection"):
        return f"{folder} keeps the vectors, and not the network that wrote them. Train them anew."
    return ""


def refuses_as_expert(folder: Path) -> str:
    """Say why what is in a folder is no plain low-rank adapter; empty where it is one."""
    if not (folder / ADAPTER).is_file() or (folder / CHANGES).is_file():
        return f"{folder} holds no low-rank adapter: train it with method: lora and export: adapter."
    written = _written(folder)
    if written["peft_type"] != "LORA" or written.get("use_dora"):
        kind = "DORA" if written.get("use_dora") else written["peft_type"]
        return f"{folder} holds an adapter of kind {kind}. Experts are low-rank: method: lora."
    for option, plain in _PLAIN.items():
        if (found := written.get(option)) not in plain:
            return f"{folder} has more than changes of layers: {option} is {found!r}. Train it without."
    return ""


def merges(folder: Path) -> bool:
    """Can an adapter of peft's be folded in? One that is not there, or cannot be read, could be."""
    return not (folder / ADAPTER).is_file() or _written(folder)["peft_type"] not in _UNMERGED


def other_base(folder: Path, model: Model) -> str:
    """Say so where a package was made from another base; an adapter alone does not say."""
    package = folder / "package.json"
    base = json.loads(package.read_text(encoding="utf-8"))["base"] if package.is_file() else None
    if base is None or base["fingerprint"] == model.fingerprint:
        return ""
    return f"{folder} was made from {base['name']}, which is another model or has changed since."


def configuration(folder: Path) -> PeftConfig:
    """Read how an adapter was made, to be trained on."""
    from peft import PeftConfig

    with without_chatter():
        found: Any = PeftConfig.from_pretrained(str(folder))
    found.inference_mode = False
    return found


def place_all(model: Model, folder: Path) -> Model:
    """Put what was learned into a network that has room for it: an adapter, if there is one, and the rest."""
    import torch
    from safetensors.torch import load_file

    placed: set[int] = set()
    if (folder / ADAPTER).is_file():
        place_adapter(model, folder)
        placed = {tensor.data_ptr() for tensor in _adapter_of(model).values()}
    learning = {name: each for name, each in model.network.named_parameters() if each.requires_grad}
    wanted = {name: each for name, each in learning.items() if each.data_ptr() not in placed}
    stored = load_file(folder / CHANGES)
    check_fit(folder / CHANGES, wanted, stored)
    with torch.no_grad():
        for name, parameter in wanted.items():
            parameter.copy_(stored[name])
    return model


def place_adapter(model: Model, folder: Path) -> Model:
    """Put an adapter's tensors into a network wrapped for them."""
    from peft import set_peft_model_state_dict
    from safetensors.torch import load_file

    path = folder / ADAPTER_TENSORS
    stored = load_file(path)
    check_fit(path, _adapter_of(model), stored)
    with without_chatter():
        set_peft_model_state_dict(model.network, stored)
    return model


def _adapter_of(model: Model) -> dict[str, Tensor]:
    from peft import get_peft_model_state_dict

    return get_peft_model_state_dict(model.network, save_embedding_layers=False)


def _written(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / ADAPTER).read_text(encoding="utf-8"))
    except ValueError as error:
        raise DamagedFile(
            f"{folder / ADAPTER} is not valid JSON: {error}. Export the package again."
        ) from None
