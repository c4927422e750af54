"""`tunesmith compare-methods`: which method is best for this recipe, and what does each take?"""

import shlex
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tunesmith.core.errors import BadOption, TunesmithError
from tunesmith.doors.cli.command import AsJson, Changes, command, say, show
from tunesmith.doors.cli.search import follow
from tunesmith.doors.cli.stop import stop_on_signals
from tunesmith.doors.cli.table import aligned, markdown

if TYPE_CHECKING:
    from tunesmith.core.report import Interval, MetricResult
    from tunesmith.evaluation.ranking import Ranking
    from tunesmith.lifecycle.compare_methods import Comparison, Tried
    from tunesmith.lifecycle.search import Search

GO_ON = "tunesmith compare-methods --resume"

Methods = Annotated[
    str, typer.Option(help="Methods to compare, with commas. Unset: all that need no options.")
]
TableFile = Annotated[
    Path | None, typer.Option("--table", help="Write the result to this file, too, as Markdown.")
]


@command("compare-methods")
def compare_methods(  # noqa: PLR0913, PLR0917  # each is an option on the command line
    recipe: Annotated[Path | None, typer.Argument(help="The recipe, a YAML file.")] = None,
    changes: Changes = None,
    methods: Methods = "",
    runs: Annotated[Path, typer.Option(help="The folder that holds all runs.")] = Path("runs"),
    table: TableFile = None,
    resume: Annotated[Path | None, typer.Option(help="Go on with the comparison in this folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Train several methods under one budget, and show what each of them brings and takes.

    Each learns at its usual rate, unless the recipe sets one. The recipe's own method keeps its options.
    """
    if (recipe is None) == (resume is None):
        raise BadOption("Give either a recipe, or --resume FOLDER alone.")
    if resume is not None and (methods or changes):
        raise BadOption("--resume goes on with the methods and changes it began with. Leave others out.")
    if table is not None and not table.resolve().parent.is_dir():
        raise BadOption(f"--table: there is no folder {table.resolve().parent}. Make it first.")
    # Before anything heavy is imported: a Ctrl-C in the middle of that would end in a traceback.
    with stop_on_signals() as is_asked_to_stop:
        from tunesmith.lifecycle import compare_methods as comparing

        found = _open(resume) if resume is not None else _begin(recipe, changes, methods, runs)
        follow(found, comparing.walk(found, is_asked_to_stop), GO_ON)
        comparison = comparing.conclude(found)
    if table is not None:
        table.write_text("\n".join(_page(comparison)) + "\n", encoding="utf-8", newline="\n")
        say(f"table: {table}")
    lines = [*aligned(_table(comparison)), "", *_sentences(comparison)]
    show([*lines, f"runs: {shlex.quote(str(comparison.folder))}"], _value(comparison), as_json)
    if all(one.report is None for one in comparison.methods):
        raise TunesmithError(
            "No method came to an end. The reasons are above; mend them, then go on with: "
            f"{GO_ON} {shlex.quote(str(comparison.folder))}"
        )


def _open(folder: Path) -> "Search":
    from tunesmith.lifecycle import search

    return search.reopen(folder)


def _begin(recipe: Path | None, changes: list[str] | None, methods: str, runs: Path) -> "Search":
    from tunesmith import recipe as recipes
    from tunesmith.lifecycle import compare_methods as comparing

    assert recipe is not None  # checked above
    names = [name.strip() for name in methods.split(",") if name.strip()]
    return comparing.begin(recipes.read(recipe, changes or []), names, runs)


def _page(comparison: "Comparison") -> list[str]:
    """Write the comparison for a page: the table, then a paragraph for each sentence."""
    after = [line for sentence in _sentences(comparison) for line in ("", sentence)]
    return [*markdown(_table(comparison)), *after]


def _table(comparison: "Comparison") -> list[list[str]]:
    ended = [one for one in comparison.methods if one.report is not None]
    measured = ended[0].report.metrics if ended and ended[0].report is not None else ()
    head = ["method", *(f"{one.metric}: value, gain (95 %)" for one in measured), "verdict"]
    head += ["learning rate", "trained", "peak memory", "time", "on disk"]
    base = [f"{_rounded(one.base)} ({_span(one.base)})" for one in measured]
    rows = [["the base", *base, *[""] * 6]] if ended else []
    return [head, *rows, *(_row(one) for one in comparison.methods)]


def _row(one: "Tried") -> list[str]:
    if one.report is None:
        first, *more = one.reason.splitlines()
        return [one.method, f"did not run: {first}{' ...' if more else ''}"]
    return [
        one.method,
        *(_gain(result) for result in one.report.metrics),
        one.report.verdict,
        f"{one.learning_rate:g}",
        f"{one.trained:,}",
        "not measured" if one.cost is None else _size(one.cost.peak_bytes),
        "not measured" if one.cost is None else _time(one.cost.seconds),
        _size(one.bytes_on_disk),
    ]


def _gain(result: "MetricResult") -> str:
    from tunesmith.core.figures import places, span, write

    digits = places(result.gain)
    gain = write(result.gain.value, digits, signed=True)
    return f"{_rounded(result.tuned)}, {gain} ({span(result.gain, digits, signed=True)})"


def _rounded(interval: "Interval") -> str:
    from tunesmith.core.figures import places, write

    return write(interval.value, places(interval))


def _span(interval: "Interval") -> str:
    from tunesmith.core.figures import places, span

    return span(interval, places(interval))


def _size(count: int) -> str:
    for power, unit in ((30, "GiB"), (20, "MiB")):
        if count >= 2**power:
            return (
                f"{count / 2**power:.3g} {unit}" if count < 1000 * 2**power else f"{count >> power:,} {unit}"
            )
    return f"{count / 2**10:.3g} KiB"


def _time(seconds: float) -> str:
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.3g} s"


def _sentences(comparison: "Comparison") -> Iterator[str]:
    if comparison.ranking is not None:
        yield from _ranked(comparison.ranking)
    yield from comparison.notes


def _ranked(ranking: "Ranking") -> Iterator[str]:
    yield f"Best by {ranking.metric} on {ranking.rows:,} test rows: {ranking.best}."
    for words, names in (
        ("Not told apart from it", ranking.level),
        ("It is better than", ranking.behind),
    ):
        if names:
            yield f"{words}: {', '.join(_lead(ranking, name) for name in names)}."
    if ranking.leads:
        yield "In brackets: how far the best is ahead; rows are paired, all intervals hold at once (95 %)."


def _lead(ranking: "Ranking", name: str) -> str:
    from tunesmith.core.figures import places, span, write

    lead = ranking.leads[name]
    digits = places(lead)
    return f"{name} ({write(lead.value, digits, signed=True)}, {span(lead, digits, signed=True)})"


def _value(comparison: "Comparison") -> dict[str, Any]:
    ranking = comparison.ranking
    derived = {} if ranking is None else {"level": ranking.level, "behind": ranking.behind}
    return {
        **asdict(comparison),
        "folder": str(comparison.folder),
        "ranking": None if ranking is None else {**asdict(ranking), **derived},
    }
