"""`tunesmith data curve`: would twice the data help?"""

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tunesmith.core.errors import BadOption
from tunesmith.doors.cli.command import AsJson, Changes, command, show
from tunesmith.doors.cli.search import follow
from tunesmith.doors.cli.stop import stop_on_signals

if TYPE_CHECKING:
    from tunesmith.evaluation.learning_curve import LearningCurve


@command("data curve")
def data_curve(
    recipe: Annotated[Path | None, typer.Argument(help="The recipe, a YAML file.")] = None,
    changes: Changes = None,
    shares: Annotated[
        str, typer.Option(help="Shares of the training rows to train on, with commas.")
    ] = "0.0625,0.125,0.25,0.5,1",
    runs: Annotated[Path, typer.Option(help="The folder that holds all runs.")] = Path("runs"),
    resume: Annotated[Path | None, typer.Option(help="Go on with the curve in this folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Train on growing shares of the data, and say with an interval what twice as much would bring.

    To see what an option such as data.augment brings at each size, make a curve with it and one without.
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
            found = curve.begin(recipes.read(recipe, changes or []), _numbers(shares), runs)
        follow(found, is_asked_to_stop, "tunesmith data curve --resume")
        curves = curve.conclude(found)
    lines = [line for one in curves for line in _lines(one)]
    lines.append(f"runs: {shlex.quote(str(found.folder.path))}")
    show(lines, [{**asdict(one), "sentence": one.sentence} for one in curves], as_json)


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise BadOption(f"--shares {text!r}: write numbers with commas, such as 0.25,0.5,1.") from None


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
