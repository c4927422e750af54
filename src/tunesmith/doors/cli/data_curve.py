"""`tunesmith data curve`: would twice the data help?"""

import shlex
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tunesmith.core.errors import BadOption
from tunesmith.doors.cli.command import AsJson, Changes, command, show
from tunesmith.doors.cli.search import follow
from tunesmith.doors.cli.stop import stop_on_signals

if TYPE_CHECKING:
    from tunesmith.evaluation.learning_curve import Compared, LearningCurve


@command("data curve")
def data_curve(  # noqa: PLR0913, PLR0917  # each is an option on the command line
    recipe: Annotated[Path | None, typer.Argument(help="The recipe, a YAML file.")] = None,
    changes: Changes = None,
    shares: Annotated[
        str, typer.Option(help="Shares of the training rows to train on, with commas.")
    ] = "0.0625,0.125,0.25,0.5,1",
    runs: Annotated[Path, typer.Option(help="The folder that holds all runs.")] = Path("runs"),
    compare: Annotated[
        str,
        typer.Option(
            help="A change to the recipe, such as 'data.augment=[]': each size is tried with it too."
        ),
    ] = "",
    resume: Annotated[Path | None, typer.Option(help="Go on with the curve in this folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Train on growing shares of the data, and say with an interval what twice as much would bring.

    With --compare, say also what a change to the recipe does at each size, on the same test rows.
    """
    if (recipe is None) == (resume is None):
        raise BadOption("Give either a recipe, or --resume FOLDER alone.")
    # Before anything heavy is imported: a Ctrl-C in the middle of that would end in a traceback.
    with stop_on_signals() as is_asked_to_stop:
        from tunesmith import recipe as recipes
        from tunesmith.lifecycle import curve, search

        if resume is not None:
            found = search.reopen(resume)
        else:
            assert recipe is not None  # checked above
            found = curve.begin(recipes.read(recipe, changes or []), _numbers(shares), runs, compare)
        follow(found, search.walk(found, is_asked_to_stop), "tunesmith data curve --resume")
        curves = curve.conclude(found)
    lines = [line for one in curves.learning for line in _lines(one)]
    lines += [line for one in curves.compared for line in _differences(one)]
    lines.append(f"runs: {shlex.quote(str(found.folder.path))}")
    show(lines, {"learning": _plain(curves.learning), "compared": _plain(curves.compared)}, as_json)


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise BadOption(f"--shares {text!r}: write numbers with commas, such as 0.25,0.5,1.") from None


def _plain(results: "Sequence[LearningCurve | Compared]") -> list[dict[str, Any]]:
    return [{**asdict(one), "sentence": one.sentence} for one in results]


def _lines(one: "LearningCurve") -> list[str]:
    from tunesmith.core.figures import places, span, write

    points = [
        f"  {rows:>9,} rows  {write(value.value, places(value)) + f' ({span(value, places(value))})'}"
        for rows, value in one.points.items()
    ]
    digits = places(one.twice)
    ahead = (
        f"  {2 * one.rows:>9,} rows  {write(one.twice.value, digits)} ({span(one.twice, digits)}), expected"
    )
    return [one.metric, *points, ahead, one.sentence]


def _differences(one: "Compared") -> list[str]:
    from tunesmith.core.figures import places, span, write

    points: list[str] = []
    for rows, result in one.results.items():
        digits = places(result.gain)
        before, after = write(result.base.value, digits), write(result.tuned.value, digits)
        gain = f"{write(result.gain.value, digits, signed=True)} ({span(result.gain, digits, signed=True)})"
        points.append(f"  {rows:>9,} rows  {before} becomes {after}, gain {gain}")
    return [f"{one.metric} with {one.change}", *points, one.sentence]
