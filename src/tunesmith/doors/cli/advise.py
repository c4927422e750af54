"""`tunesmith advise`: which bases and methods fit this recipe and this machine?"""

import shlex
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tunesmith.doors.cli.command import AsJson, Changes, command, say, show
from tunesmith.doors.cli.table import aligned

if TYPE_CHECKING:
    from tunesmith.lifecycle.advise.advice import Advice, Choice

Memory = Annotated[
    float | None, typer.Option(min=0.1, help="GB of memory to think of; unset: what is free here now.")
]
Licence = Annotated[
    Literal["permissive", "any"], typer.Option(help="Which licences will do; permissive: for any use.")
]
BasesFile = Annotated[
    Path | None, typer.Option("--bases", help="A file with further bases, in the form of the bundled one.")
]


@command("advise")
def advise(
    recipe: Annotated[Path, typer.Argument(help="The recipe, a YAML file.")],
    changes: Changes = None,
    memory: Memory = None,
    licence: Licence = "permissive",
    bases: BasesFile = None,
    as_json: AsJson = False,
) -> None:
    """Say which bases and methods fit a recipe and this machine, what they take, and which to choose.

    No weights are loaded: memory and time are estimated from sizes and measured speed.
    """
    from tunesmith import recipe as recipes
    from tunesmith.lifecycle.advise.advice import advise as look
    from tunesmith.lifecycle.advise.advice import this_machine
    from tunesmith.lifecycle.advise.known_bases import known_bases
    from tunesmith.lifecycle.assemble import prepare_recipe

    prepared = prepare_recipe(recipes.read(recipe, changes or []), say=say)
    say("measuring products and memory")
    machine = this_machine(None if memory is None else memory * 1e9)
    found = look(prepared, known_bases(bases), licence, machine)
    show([*_table(found), "", *_left_out(found), "", *_next(found, recipe)], _value(found), as_json)


def _table(found: "Advice") -> list[str]:
    shown = [one for one in found.candidates if one.name not in found.left_out]
    shown.sort(key=lambda one: (not one.is_own, -one.shape.parameters))
    methods = list(dict.fromkeys(choice.method for choice in found.choices))
    by_place = {(choice.base, choice.method): choice for choice in found.choices}
    table = [("base", "size", "licence", *methods, "adapter served by")]
    for one in shown:
        cells = [_cell(by_place.get((one.name, method))) for method in methods]
        mine = [by_place[one.name, method] for method in methods if (one.name, method) in by_place]
        served = max((choice.adapter_served_by for choice in mine), key=len, default=())
        licence = f"{one.licence}, gated" if one.is_gated else one.licence
        name = f"{one.name} (the recipe's own)" if one.is_own else one.name
        table.append((name, f"{one.shape.parameters / 1e9:.2g}B", licence, *cells, ", ".join(served)))
    return aligned(table)


def _cell(choice: "Choice | None") -> str:
    from tunesmith.lifecycle.advise.advice import hours

    if choice is None or not choice.estimate.fits:
        return "-"
    return f"{choice.estimate.peak / 2**30:.1f} GiB, {hours(choice.hours)}"


def _left_out(found: "Advice") -> list[str]:
    """Say why bases are left out: reasons that many share once, others base by base."""
    counts = Counter(found.left_out.values())
    lines = [f"left out, {count} bases: {reason}" for reason, count in counts.items() if count > 1]
    return lines + [f"left out, {name}: {why}" for name, why in found.left_out.items() if counts[why] == 1]


def _next(found: "Advice", recipe: Path) -> list[str]:
    """Say what is recommended, why, and the command that does it."""
    best = found.recommended
    if best is None:
        return [found.why]
    (base,) = [one for one in found.candidates if one.name == best.base]
    changes = [] if base.is_own else [f"base={best.base}"]
    changes += [] if best.method == found.own_method else [f"method={best.method}"]
    lines = [f"recommended: {best.base}, {best.method}", found.why]
    if base.base and base.base.facts.chat:
        lines.append(f"For conversations its sibling of the same size is {base.base.facts.chat}.")
    return [*lines, f"next: {shlex.join(['tunesmith', 'run', str(recipe), *changes])}"]


def _value(found: "Advice") -> dict[str, Any]:
    return {
        "room_bytes": found.machine.room,
        "compute": found.machine.compute,
        "choices": [{**asdict(choice), "hours": choice.hours} for choice in found.choices],
        "left_out": dict(found.left_out),
        "recommended": asdict(found.recommended) if found.recommended else None,
        "why": found.why,
    }
