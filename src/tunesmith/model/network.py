"""Load the network of a base for a task: its body from the folder, a new head where the task needs one."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from tunesmith.core.errors import BadBase
from tunesmith.core.task import LANGUAGE, Family, Held, Storage, Task
from tunesmith.model.find import check_weights, read_config
from tunesmith.model.weights import stored_type

if TYPE_CHECKING:
    import torch
    from transformers import PretrainedConfig, PreTrainedModel


def family_of(folder: Path) -> Family:
    """Say how the network of a base reads."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES

    config = read_config(folder)
    if config.get("is_encoder_decoder"):
        return "encoder-decoder"
    return "encoder" if config.get("model_type") in MODEL_FOR_MASKED_LM_MAPPING_NAMES else "decoder"


def load_network(
    folder: Path,
    task: Task = LANGUAGE,
    weights: Literal["pretrained", "random"] = "pretrained",
    storage: Storage = "float32",
    seed: int = 0,
) -> PreTrainedModel:
    """Load a network that computes in float32, on the GPU if there is one; a new head follows from the seed.

    `weights="random"` builds the architecture only. `storage="stored"` keeps matrices in the 16 bits of
    their file (`model/_narrow.py`); they cannot be trained then. Raises BadBase where the folder cannot be
    loaded for the task, or where its tensors are not those of the network, other than of its head.
    """
    import torch
    from transformers.utils.logging import disable_progress_bar

    from tunesmith.model._narrow import narrow
    from tunesmith.model._quantised import prepared

    disable_progress_bar()
    kind = stored_type(folder)[0] if storage == "stored" else "float32"
    if weights == "pretrained":
        check_weights(folder)
    if kind == "mixed":
        raise BadBase(f"{folder} holds more than one number type. Load it with training.storage: float32.")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = _built(folder, task) if weights == "random" else _read(folder, task, kind, storage)
    if storage == "stored":
        narrow(network, _buffers(folder, task))
    if storage in get_args(Held):
        return prepared(network).eval()  # it was read to where it belongs
    return network.to(device()).eval()  # type: ignore[arg-type]  # transformers types `to` for its own mixin only


def skeleton(folder: Path, task: Task = LANGUAGE) -> PreTrainedModel:
    """Build the network of a base with shapes but without values; raises BadBase where it cannot be built."""
    from accelerate import init_empty_weights

    with init_empty_weights(include_buffers=False):
        return _built(folder, task)


def device() -> torch.device:
    """Give the device that models are loaded to: the GPU if there is one."""
    import torch

    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _built(folder: Path, task: Task) -> PreTrainedModel:
    import torch

    try:
        return _kind(folder, task).from_config(_config(folder, task), dtype=torch.float32)
    except (ValueError, KeyError, OSError, RuntimeError) as error:
        raise _cannot(folder, task, error) from None


def _read(folder: Path, task: Task, kind: str, storage: Storage) -> PreTrainedModel:
    import torch
    from safetensors import SafetensorError

    from tunesmith.model._quantised import reading_in

    try:
        quantised = reading_in(storage, skeleton(folder, task), device()) if storage in get_args(Held) else {}
        with _without_report():
            network, found = _kind(folder, task).from_pretrained(
                folder,
                config=_config(folder, task),
                dtype=getattr(torch, kind),
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
                **quantised,
            )
    except (ValueError, KeyError, OSError, RuntimeError, SafetensorError) as error:
        raise _cannot(folder, task, error) from None
    _check_tensors(folder, network, task, found)
    return network


@contextmanager
def _without_report() -> Generator[None]:
    """Keep back transformers' table of missing tensors: a new head is meant to be, all else is refused."""
    log = logging.getLogger("transformers.modeling_utils")
    log.addFilter(_is_error)  # another level would make transformers check, and warn of, other things
    try:
        yield
    finally:
        log.removeFilter(_is_error)


def _is_error(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR


def _check_tensors(folder: Path, network: PreTrainedModel, task: Task, found: dict[str, Any]) -> None:
    """Refuse a folder that lacks tensors or has others; transformers draws or ignores them, and goes on."""
    missing, unexpected = ({*found[key]} for key in ("missing_keys", "unexpected_keys"))
    if task.says != "language":  # its head is new, and the one it came with is not used
        # A network without a head is its body; what a file holds beside that is the head of another use.
        is_body = task.says == "vector"
        body = "" if is_body else f"{network.base_model_prefix}."
        missing = {name for name in missing if name.startswith(body) and ".pooler." not in f".{name}"}
        unexpected = {name for name in unexpected if name.startswith(body) and ".pooler." not in f".{name}"}
        unexpected = set() if is_body else unexpected
    if missing or unexpected:
        raise BadBase(
            f"{folder}: its weights are not those of a {type(network).__name__}. It lacks {len(missing)} "
            f"tensors{_some(missing)}, and has {len(unexpected)} others{_some(unexpected)}."
        )


def _some(names: set[str]) -> str:
    return f", such as {sorted(names)[:3]}" if names else ""


def _config(folder: Path, task: Task) -> PretrainedConfig:
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    if task.says in ("classes", "tags"):
        config.id2label = dict(enumerate(task.labels))
        config.label2id = {label: number for number, label in enumerate(task.labels)}
    if task.says in ("classes", "number"):
        config.problem_type = _PROBLEMS[task.says, task.several]  # type: ignore[assignment]  # one of its words
    if task.says == "number":
        config.num_labels = 1
    return config


_PROBLEMS = {
    ("classes", False): "single_label_classification",
    ("classes", True): "multi_label_classification",
    ("number", False): "regression",
}


def _kind(folder: Path, task: Task) -> Any:
    import transformers

    if task.says == "language":
        name = {"decoder": "CausalLM", "encoder": "MaskedLM", "encoder-decoder": "Seq2SeqLM"}[
            family_of(folder)
        ]
    else:
        name = _HEADS[task.says]
    return getattr(transformers, f"AutoModelFor{name}" if name else "AutoModel")


_HEADS = {
    "classes": "SequenceClassification",
    "number": "SequenceClassification",
    "tags": "TokenClassification",
    "vector": "",
}
_SAYS = {
    "language": "as a language model",
    "classes": "to tell classes",
    "number": "to tell a number",
    "tags": "to tag words",
    "vector": "to give vectors",
}


def _cannot(folder: Path, task: Task, error: Exception) -> BadBase:
    return BadBase(f"{folder} cannot be loaded {_SAYS[task.says]}: {str(error).splitlines()[0]}")


def _buffers(folder: Path, task: Task) -> dict[str, torch.Tensor]:
    """Compute a network's constants, such as rotary frequencies, in float32; its weights are not made."""
    return dict(skeleton(folder, task).named_buffers())
