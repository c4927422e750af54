"""`tunesmith run` and `tunesmith resume`: the whole life cycle, from a recipe to a package and a verdict."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tunesmith.core.errors import CriteriaNotMet, DiskFull, Stopped, TunesmithError
from tunesmith.doors.cli.command import AsJson, Changes, command, say, show
from tunesmith.doors.cli.stop import stop_on_signals, telling_how_to_go_on

if TYPE_CHECKING:
    from tunesmith.lifecycle.events import Finished
    from tunesmith.lifecycle.run_folder import RunFolder

Require = Annotated[
    bool, typer.Option("--require-success", help="Exit with 4 if the verdict is not promote.")
]


@command("run")
def run(
    recipe: Annotated[Path, typer.Argument(help="The recipe, a YAML file.")],
    changes: Changes = None,
    runs: Annotated[Path, typer.Option(help="The folder that holds all runs.")] = Path("runs"),
    require_success: Require = False,
    as_json: AsJson = False,
) -> None:
    """Train, evaluate against the base, package, and give a verdict."""

    def begin() -> "RunFolder":
        from tunesmith import recipe as recipes
        from tunesmith.lifecycle import run_folder

        return run_folder.create(recipes.resolve(recipes.read(recipe, changes or [])), runs)

    follow(begin, True, require_success, as_json)


@command("resume")
def resume(
    folder: Annotated[Path, typer.Argument(help="The folder of a run that was stopped or killed.")],
    require_success: Require = False,
    as_json: AsJson = False,
) -> None:
    """Go on with a run exactly where it was."""

    def begin() -> "RunFolder":
        from tunesmith.lifecycle import run_folder

        return run_folder.open_folder(folder)

    follow(begin, False, require_success, as_json)


def follow(begin: Callable[[], "RunFolder"], is_new: bool, require_success: bool, as_json: bool) -> None:
    """Walk through a run, show it, and print how it ended; a new run that cannot begin leaves no folder."""
    from tunesmith.doors.cli.outcome import to_json, to_lines

    # Before anything heavy is imported: a Ctrl-C in the middle of that would end in a traceback.
    with stop_on_signals() as is_asked_to_stop:
        folder = begin()
        say(f"run: {folder.path}")
        with telling_how_to_go_on("tunesmith resume", folder.path):
            finished = _walk(folder, is_new, is_asked_to_stop)
    show(to_lines(finished), to_json(finished), as_json)
    if require_success and finished.report.verdict != "promote":
        raise CriteriaNotMet(f"The verdict is {finished.report.verdict!r}: {finished.report.reason}")


def _walk(folder: "RunFolder", is_new: bool, is_asked_to_stop: Callable[[], bool]) -> "Finished":
    from tunesmith.doors.cli.live import watch
    from tunesmith.lifecycle.run import walk
    from tunesmith.lifecycle.run_folder import discard_unused

    try:
        return watch(walk(folder, is_asked_to_stop))
    except (Stopped, DiskFull):
        raise
    except TunesmithError:
        if is_new:
            discard_unused(folder)
        raise
