"""Probes: a few prompts and what the trained model made of them, to hold a loaded package against."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from tunesmith.core.cards import Model
from tunesmith.core.errors import DamagedFile, NonFinite
from tunesmith.core.example import Message
from tunesmith.core.wrapped import is_wrapped

if TYPE_CHECKING:
    from torch import Tensor

# A folder of their own: servers read every safetensors file beside the weights as weights.
PROMPTS = Path("probe", "prompts.json")
LOGITS = Path("probe", "logits.safetensors")

_MESSAGES = TypeAdapter(tuple[Message, ...])

EXACT = 1e-4
"""Largest difference of a float32 package: of the largest logit, or absolute where all logits are below 1."""
ROUNDED = 0.5
"""Largest difference of a package in bfloat16, of the standard deviation of the logits.

Rounding stays well below it, a wrong weight, template or dtype comes out far above it.
"""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far the logits of a loaded package are from those of the trained model, and how far they may be."""

    difference: float
    tolerance: float
    notes: tuple[str, ...] = ()

    @property
    def is_close(self) -> bool:
        """Does the package answer like the trained model? Never true where the difference is not a number."""
        return self.difference <= self.tolerance


def write(model: Model, prompts: Sequence[Sequence[Message]], folder: Path) -> None:
    """Store prompts, their token ids, and the logits of the next token: float32 [prompts, vocabulary].

    Raises NonFinite if a logit is not a number.
    """
    from safetensors.torch import save_file

    ids = [list(model.chat.encode_prompt(prompt)) for prompt in prompts]
    logits = _logits(model, ids)
    if not logits.isfinite().all():
        raise NonFinite("The trained model gives logits that are not numbers; it was not packaged.")
    (folder / PROMPTS).parent.mkdir()
    content = [
        {"messages": [asdict(message) for message in prompt], "ids": numbers}
        for prompt, numbers in zip(prompts, ids, strict=True)
    ]
    found = {"format": 1, "rounds": _rounds(model), "prompts": content}
    text = json.dumps(found, indent=2, ensure_ascii=False)
    (folder / PROMPTS).write_text(text + "\n", encoding="utf-8", newline="\n")
    save_file({"logits": logits}, folder / LOGITS)


def compare(model: Model, folder: Path) -> Comparison:
    """Hold a loaded package against its stored probes.

    Raises DamagedFile where a prompt becomes other token ids than it did when the package was written.
    """
    from safetensors.torch import load_file

    expected = load_file(folder / LOGITS)["logits"]
    ids: list[list[int]] = []
    stored = json.loads((folder / PROMPTS).read_text(encoding="utf-8"))
    for prompt in stored["prompts"]:
        messages = _MESSAGES.validate_python(prompt["messages"])
        ids.append(list(model.chat.encode_prompt(messages)))
        if ids[-1] != prompt["ids"]:
            raise DamagedFile(
                f"{folder}: the tokenizer turns the prompt {messages[-1].content!r} into other ids than in "
                f"training: {_difference(prompt['ids'], ids[-1])}. Export the package again."
            )
    found = _logits(model, ids)
    if found.shape != expected.shape:
        raise DamagedFile(
            f"{folder}: the model gives {list(found.shape)} logits, {list(expected.shape)} were stored."
        )
    difference = float((found - expected).abs().max())
    tolerance = _tolerance(expected, stored.get("rounds", False) or _is_rounded(folder))
    return Comparison(difference, tolerance, _notes(model, ids, found))


def _logits(model: Model, prompts: Sequence[Sequence[int]]) -> "Tensor":
    """Give what the model says behind each prompt, or of it: [prompts, scores]."""
    import torch

    network: Any = model.network
    was_training = network.training
    network.eval()
    with torch.no_grad():
        rows = [network(**_inputs(model, ids)) for ids in prompts]
    network.train(was_training)
    return torch.stack([_last(row) for row in rows]).float().cpu()


def _inputs(model: Model, ids: Sequence[int]) -> dict[str, Any]:
    import torch

    inputs: dict[str, Any] = {"input_ids": torch.tensor([list(ids)], device=model.network.device)}
    if model.family == "decoder":
        inputs["use_cache"] = False
    if model.family == "encoder-decoder" and model.task.says == "language":
        inputs["decoder_input_ids"] = torch.tensor([[model.chat.begin_id]], device=model.network.device)
    return inputs


def _last(row: Any) -> "Tensor":
    scores = row.last_hidden_state if "logits" not in row else row.logits
    return scores[0, -1] if scores.dim() == 3 else scores[0]


def _difference(stored: Sequence[int], found: Sequence[int]) -> str:
    shared = min(len(stored), len(found))
    place = next((i for i in range(shared) if stored[i] != found[i]), shared)
    return (
        f"from position {place} on, {list(stored[place : place + 5])} became {list(found[place : place + 5])}"
    )


def _rounds(model: Model) -> bool:
    """Does the trained model round what enters its layers to 8 bits, as no merged one does?"""
    return any(type(layer).__name__ == "Linear8bitLt" for layer in model.network.modules())


def _tolerance(expected: "Tensor", is_rounded: bool) -> float:
    if is_rounded:
        return ROUNDED * float(expected.std())
    return EXACT * max(1.0, float(expected.abs().max()))


def _is_rounded(folder: Path) -> bool:
    from safetensors import safe_open

    for path in folder.glob("*.safetensors"):
        with safe_open(path, framework="pt") as file:
            if any(file.get_slice(name).get_dtype() == "BF16" for name in file.keys()):  # noqa: SIM118 # not a dict
                return True
    return False


def _notes(model: Model, ids: Sequence[Sequence[int]], found: "Tensor") -> tuple[str, ...]:
    if not is_wrapped(model.network):
        return ()
    with model.network.disable_adapter():
        effect = float((_logits(model, ids) - found).abs().max())
    if effect:
        return ()
    return (
        "The adapter changes nothing: with and without it the logits are the same, as before any training.",
    )
