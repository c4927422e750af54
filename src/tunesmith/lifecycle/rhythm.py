"""When a run validates and saves: derived from the recipe and the number of steps, never stored."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tunesmith.core.cards import Encoded
from tunesmith.core.recipe import Recipe
from tunesmith.engine.order import count_steps

VALIDATIONS_PER_RUN = 10


@dataclass(frozen=True)
class Rhythm:
    """The steps of a run, and how many lie between two validations and two checkpoints."""

    steps: int
    validate_every: int
    checkpoint_every: int

    @classmethod
    def of(cls, recipe: Recipe, rows: Sequence[Encoded]) -> Rhythm:
        """Work out the rhythm of a recipe on its training rows."""
        training = recipe.training
        all_steps = count_steps(rows, recipe.seed, training.epochs, training.tokens_per_step)
        steps = min(all_steps, training.max_steps or all_steps)
        validate_every = training.validate_every or math.ceil(steps / VALIDATIONS_PER_RUN)
        return cls(steps, validate_every, training.checkpoint_every or validate_every)

    def validates_at(self, step: int) -> bool:
        """Is there a validation after this step? There always is after the last."""
        return step % self.validate_every == 0 or step == self.steps

    def saves_at(self, step: int) -> bool:
        """Is there a checkpoint after this step? There always is after the last."""
        return step % self.checkpoint_every == 0 or step == self.steps
