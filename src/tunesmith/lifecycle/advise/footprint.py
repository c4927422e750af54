"""What each method adds to a network and asks of a machine, as far as memory and time go: data, not code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tunesmith.core.contracts import Method
from tunesmith.core.registry import Registry
from tunesmith.core.task import Held
from tunesmith.model.shape import Shape

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """A method on a base: how many numbers learn, and what the rest costs.

    `beside`: they are new, and the base's matrices need no gradients. `rank` is what is kept beside each
    product, `layers` how many of the topmost layers gradients go through, None for all. `slower` is what
    reading a base of few bits costs.
    """

    learns: int
    beside: bool
    rank: int = 0
    layers: int | None = None
    holds: Held | None = None
    slower: float = 1.0


UNPACKING = 1.3
"""How much longer a step takes where matrices are unpacked for every product; published: 1.1 to 1.4."""


def change_of(name: str, method: Method, shape: Shape) -> Change | None:
    """Say what a method would do to a network of this shape; None for one that is not known here."""
    options = vars(method)
    if name == "stack":
        return _together(
            [change_of(Registry("method", Method).name_of(one), one, shape) for one in options["methods"]]
        )
    if name == "features":
        return Change(shape.width, beside=True, layers=0)
    if name in ("full", "scratch"):
        return Change(shape.parameters, beside=False)
    if name == "freeze":
        return _top(shape, options["layers"])
    if name not in _NEW:
        return None
    rank = options["rank"] if name in _LOW_RANK else 0
    slower = UNPACKING if method.holds else 1.0
    return Change(_NEW[name](shape, options), True, rank, None, method.holds, slower)


def _top(shape: Shape, layers: object) -> Change | None:
    """Say what training the topmost layers takes; of weights that are named by patterns nothing is known."""
    if not isinstance(layers, int):
        return None
    top = min(layers, shape.depth)
    learns = shape.numbers(shape.experts) * top // shape.depth + (0 if shape.is_tied else shape.head)
    return Change(learns, beside=False, layers=top)


def _together(changes: Sequence[Change | None]) -> Change | None:
    known = [change for change in changes if change is not None]
    if len(known) < len(changes) or not known:
        return None
    layers = [change.layers for change in known if change.layers is not None]
    return Change(
        sum(change.learns for change in known),
        all(change.beside for change in known),
        max(change.rank for change in known),
        max(layers) if len(layers) == len(known) else None,
        next((change.holds for change in known if change.holds), None),
        max(change.slower for change in known),
    )


def _biases(shape: Shape, options: Options) -> int:
    """Count what BitFit trains: what is added to products, and in norms."""
    return shape.bias_count + (shape.norms // 2 if shape.biases == "all" else 0)


def _low_rank(shape: Shape, options: Options) -> int:
    rank = options["rank"]
    return rank * sum(inputs + outputs for inputs, outputs in _linear(shape)) * shape.depth


def _with_sizes(shape: Shape, options: Options) -> int:
    return _low_rank(shape, options) + sum(outputs for _, outputs in _linear(shape)) * shape.depth


def _vectors(shape: Shape, options: Options) -> int:
    return sum(options["rank"] + outputs for _, outputs in _linear(shape)) * shape.depth


def _rotations(shape: Shape, options: Options) -> int:
    block = options["block"]
    return sum(inputs * (block - 1) // 2 for inputs, _ in _linear(shape)) * shape.depth


def _scales(shape: Shape, options: Options) -> int:
    return (2 * shape.key_width + shape.inner) * shape.depth


def _norms(shape: Shape, options: Options) -> int:
    return shape.norms


def _prefix(shape: Shape, options: Options) -> int:
    return 2 * options["length"] * shape.key_width * shape.depth


def _prompt(shape: Shape, options: Options) -> int:
    return options["length"] * shape.width


def _written_prompt(shape: Shape, options: Options) -> int:
    inner = options["width"] or shape.width
    return _prompt(shape, options) + 2 * shape.width * inner + inner * inner


def _adaption(shape: Shape, options: Options) -> int:
    layers = options["layers"] or max(1, shape.depth - 2)
    return (options["length"] * shape.width + 1) * layers


def _bottleneck(places: int) -> Callable[[Shape, Options], int]:
    def count(shape: Shape, options: Options) -> int:
        return places * (2 * options["size"] + 1) * shape.width * shape.depth

    return count


def _linear(shape: Shape) -> list[tuple[int, int]]:
    """List the matrices of a layer that adapters are put beside; experts are no layers, and have none."""
    return list(shape.matrices(1 if shape.experts == 1 else 0))


_LOW_RANK = ("lora", "rslora", "dora", "pissa", "lora_plus", "qlora")
_NEW: Mapping[str, Callable[[Shape, Options], int]] = {
    **dict.fromkeys(_LOW_RANK, _low_rank),
    "dora": _with_sizes,
    "vera": _vectors,
    "oft": _rotations,
    "ia3": _scales,
    "layer_norm": _norms,
    "bitfit": _biases,
    "prefix": _prefix,
    "prompt": _prompt,
    "p_tuning": _written_prompt,
    "llama_adapter": _adaption,
    "houlsby": _bottleneck(2),
    "pfeiffer": _bottleneck(1),
    "parallel": _bottleneck(1),
}
OWN_FORMAT = frozenset(("bitfit", "houlsby", "pfeiffer", "parallel", "features", "stack"))
"""Methods whose change is kept in a form that only Tunesmith reads: peft has none for it."""
SERVED_AS_LORA = frozenset(("lora", "rslora", "pissa", "lora_plus", "qlora"))
"""Methods whose adapter is an ordinary one, as vLLM and SGLang load it; they do not know DoRA."""
