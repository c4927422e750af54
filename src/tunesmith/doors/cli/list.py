"""`tunesmith list`: what there is to choose from, and the recipe's schema for editors."""

import json
import sys
from typing import Annotated

import typer

from tunesmith.core.errors import UnknownName
from tunesmith.core.registry import did_you_mean
from tunesmith.doors.cli.command import AsJson, command, show


@command("list")
def list_components(
    what: Annotated[str | None, typer.Argument(help="One kind of component, or `schema`.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the components there are, or print the recipe's schema.

    The schema is JSON Schema, for editors that complete and check what is written.
    """
    from tunesmith import recipe as recipes
    from tunesmith.lifecycle.catalogue import ROOMS, catalogue

    if what == "schema":
        sys.stdout.write(json.dumps(recipes.schema(), indent=2) + "\n")
        return
    if what is not None and what not in ROOMS:
        raise UnknownName(f"There is no list called {what!r}.{did_you_mean(what, [*ROOMS, 'schema'])}")
    found = catalogue() if what is None else {what: catalogue()[what]}
    lines: list[str] = []
    for kind, components in found.items():
        lines += ["", kind]
        width = max((len(one.name) for one in components), default=0) + 2
        for one in components:
            lines.append(f"  {one.name:<{width}}{one.sentence}")
            lines += _options(one.options) if what is not None else []
    show(lines[1:], {kind: [vars(one) for one in components] for kind, components in found.items()}, as_json)


def _options(options: dict[str, str]) -> list[str]:
    return [f"    {name}: {description}" for name, description in options.items()]
