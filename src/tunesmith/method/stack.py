"""Several methods at once: beside the weights, between the layers, and of weights that are there already."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.core.task import Held
from tunesmith.method._parts import BESIDE, METHODS, Chosen, check_together

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, kw_only=True)
class Stack(Method):
    """Apply several methods at once, such as lora and bitfit; each keeps its own options."""

    leaves_adapter = True
    methods: Annotated[
        tuple[Chosen, ...],
        AfterValidator(check_together),
        Field(description="The methods with their options; at most one of each kind."),
    ]

    @property
    def merges(self) -> bool:  # type: ignore[override]  # follows from the methods
        """Can all of them be folded in?"""
        return all(method.merges for method in self.methods)

    @property
    def usual_rate(self) -> float:  # type: ignore[override]  # as above
        """The rate of the one that is the most easily upset."""
        return min(method.usual_rate for method in self.methods)

    @property
    def holds(self) -> Held | None:
        """In how few bits one of them needs the base."""
        return next((method.holds for method in self.methods if method.holds), None)

    def refuses(self, network: PreTrainedModel) -> str:
        """Give the first reason that one of them has."""
        reasons = ((METHODS.name_of(method), method.refuses(network)) for method in self.methods)
        return next((f"{name}: {reason}" for name, reason in reasons if reason), "")

    def apply(self, model: Model, seed: int) -> Model:
        """Apply them from the inside out: weights, layers between them, and what stands beside the weights.

        What one of them trains, no other freezes.
        """
        learned: set[int] = set()
        for method in sorted(self.methods, key=lambda each: METHODS.name_of(each) in BESIDE):
            model = method.apply(model, seed)
            learned |= {id(each) for each in model.network.parameters() if each.requires_grad}
        for name, parameter in model.network.named_parameters():
            # peft trains a copy of a new head, and keeps the one that was there
            parameter.requires_grad = id(parameter) in learned and ".original_module." not in name
        return model

    def pace(self, parameter: str) -> float:
        """Give what all of them say of a parameter, multiplied."""
        return prod(method.pace(parameter) for method in self.methods)

    def settle(self, model: Model) -> Model:
        """Let each of them give the model the form in which it is kept."""
        for method in self.methods:
            model = method.settle(model)
        return model

    def keep(self, folder: Path) -> Method:
        """Let each of them copy what it needs into a package."""
        return replace(self, methods=tuple(method.keep(folder) for method in self.methods))

    def within(self, folder: Path) -> Method:
        """Let each of them find in the package what it has copied."""
        return replace(self, methods=tuple(method.within(folder) for method in self.methods))

    def merge(self, model: Model) -> Model:
        """Fold all of them in; raises BadOption where one of them cannot be."""
        for method in sorted(self.methods, key=lambda each: each.merges):
            model = method.merge(model)
        return model
