"""`tunesmith check`: would this recipe run, and what would it do?"""

from pathlib import Path
from typing import Annotated

import typer

from tunesmith.doors.cli.command import AsJson, Changes, command, show


@command("check")
def check(
    recipe: Annotated[Path, typer.Argument(help="The recipe, a YAML file.")],
    changes: Changes = None,
    as_json: AsJson = False,
) -> None:
    """Check a recipe and its data, without training or loading weights."""
    from tunesmith import recipe as recipes
    from tunesmith.lifecycle.check import check as look

    found = look(recipes.read(recipe, changes or []))
    value = {
        "recipe": found.recipe.model_dump(mode="json"),
        "fingerprint": recipes.fingerprint(found.recipe),
        "steps": found.steps,
        "ledger": found.ledger,
    }
    show([*found.sentences, found.here, "The recipe can be run."], value, as_json)
