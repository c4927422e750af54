"""Do base, method, objective and data of a recipe fit each other? Said before any weights are loaded."""

from pathlib import Path

from tunesmith import recipe as recipes
from tunesmith.core.errors import BadRecipe
from tunesmith.core.recipe import Recipe
from tunesmith.core.task import Task
from tunesmith.model.network import family_of, skeleton
from tunesmith.recipe import Parts

_TWO = ("one", "other")
"""Names of classes for a network that is built to be looked at only."""

_INSTEAD = {
    "encoder": "mask, classify or tags",
    "encoder-decoder": "sft",
    "decoder": "sft or text",
}


def check_parts(recipe: Recipe, parts: Parts) -> None:
    """Raise BadRecipe for parts that cannot work together, whatever the base."""
    _check_rows(recipe, parts)
    _check_storage(recipe, parts)
    if parts.memories and parts.objective.says != "language":
        raise BadRecipe(
            f"memory is for models that write, but objective {recipe.objective.name} has the model tell "
            f"{parts.objective.says}. Leave memory out."
        )


def check_fit(recipe: Recipe, parts: Parts, base: Path) -> None:
    """Raise BadRecipe for parts that do not fit the base, BadBase for a base without such a head."""
    family, objective = family_of(base), parts.objective
    if family not in objective.fits:
        kinds = " or ".join(sorted(objective.fits))
        raise BadRecipe(
            f"objective {recipe.objective.name} is for bases that are {kinds}, but {recipe.base} is one "
            f"of kind {family}. Did you mean objective: {_INSTEAD[family]}?"
        )
    task = Task(objective.says, _TWO if objective.says in ("classes", "tags") else ())
    network = skeleton(base, task)
    if reason := parts.method.refuses(network):
        raise BadRecipe(f"method {recipe.method.name} does not fit {recipe.base}: {reason}")
    if recipe.training.balance:
        from tunesmith.engine.balance import check_routers

        check_routers(network)


def _check_rows(recipe: Recipe, parts: Parts) -> None:
    gives = parts.source.gives()
    if gives not in parts.objective.takes:
        fitting = {"text": "text", "tags": "tags"}.get(gives, "sft")
        raise BadRecipe(
            f"objective {recipe.objective.name} takes {' or '.join(sorted(parts.objective.takes))}, but this "
            f"source gives {gives}. Did you mean objective: {fitting}?"
        )
    recipes.check_metrics(parts.metrics, {gives})


def _check_storage(recipe: Recipe, parts: Parts) -> None:
    if recipe.training.storage == "stored" and parts.method.changes_base:
        raise BadRecipe(
            f"training.storage: stored keeps the base as it is, but method {recipe.method.name} changes it. "
            "Leave training.storage out, or choose method: lora."
        )
