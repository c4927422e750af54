from pathlib import Path

import pytest

from engine_parts import random_rows
from small_runs import read_recipe
from tunesmith.core.recipe import Recipe
from tunesmith.engine.order import count_steps
from tunesmith.lifecycle.rhythm import Rhythm

ROWS = random_rows(12)


@pytest.fixture
def recipe(tiny_folder: Path, tmp_path: Path) -> Recipe:
    return read_recipe(tmp_path, tiny_folder, "training.max_steps=null", "training.tokens_per_step=1")


def change(recipe: Recipe, **options: int | None) -> Rhythm:
    training = recipe.training.model_copy(update=options)
    return Rhythm.of(recipe.model_copy(update={"training": training}), ROWS)


def test_a_run_takes_as_many_steps_as_there_are_plans(recipe: Recipe) -> None:
    assert change(recipe, epochs=3).steps == count_steps(ROWS, recipe.seed, 3, 1) == 36
    assert change(recipe, epochs=3, max_steps=5).steps == 5
    assert change(recipe, epochs=3, max_steps=500).steps == 36


@pytest.mark.parametrize(("epochs", "every", "times"), [(1, 2, 6), (5, 6, 10), (10, 12, 10)])
def test_a_run_validates_about_ten_times(recipe: Recipe, epochs: int, every: int, times: int) -> None:
    rhythm = change(recipe, epochs=epochs)
    assert rhythm.validate_every == every
    assert sum(rhythm.validates_at(step) for step in range(1, rhythm.steps + 1)) == times


def test_a_checkpoint_goes_with_each_validation_unless_told_otherwise(recipe: Recipe) -> None:
    assert change(recipe, validate_every=5).checkpoint_every == 5
    assert change(recipe, validate_every=5, checkpoint_every=2).checkpoint_every == 2


def test_the_last_step_is_always_validated_and_saved(recipe: Recipe) -> None:
    rhythm = change(recipe, epochs=1, validate_every=5, checkpoint_every=7)
    assert [step for step in range(1, 13) if rhythm.validates_at(step)] == [5, 10, 12]
    assert [step for step in range(1, 13) if rhythm.saves_at(step)] == [7, 12]
