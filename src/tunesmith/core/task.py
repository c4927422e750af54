"""What a network reads, and what it says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Family = Literal["decoder", "encoder", "encoder-decoder"]
"""How a network reads: what came before, all of a text at once, or all of one text and then another's."""

Held = Literal["nf4", "int8"]
"""In how few bits a frozen base may be held."""
Storage = Literal["float32", "stored", Held]
"""How weights are held: in full, as they are stored, or in few bits."""
Says = Literal["language", "classes", "number", "tags", "vector"]


@dataclass(frozen=True, slots=True)
class Task:
    """What a network says of a text: what comes next, its classes, a number, a tag per word, or a vector.

    `labels` are the names of classes or tags, in the order of the network's outputs; `several` classes may be
    true at a time. A number is said in units of `spread` from `mean`, those of the training rows. Vectors are
    compared by their angle: a text whose cosine is `spread` larger is e times as likely to belong.
    `pools` says what stands for a text: what the network's head picks, or the mean of all its states.
    """

    says: Says = "language"
    labels: tuple[str, ...] = ()
    several: bool = False
    mean: float = 0.0
    spread: float = 1.0
    pools: Literal["head", "mean"] = "head"

    def text(self, scores: Sequence[float]) -> str:
        """Say in words what scores mean: the likeliest class, all classes above 0, or the number."""
        if self.says == "number":
            return f"{self.mean + self.spread * scores[0]:.6g}"
        if self.several:
            return ", ".join(label for label, score in zip(self.labels, scores, strict=True) if score > 0)
        return self.labels[max(range(len(scores)), key=scores.__getitem__)]


LANGUAGE = Task()
"""What comes next in a text, or what was hidden in it."""
