"""Show a run while it runs, on standard error: a live display on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Iterable

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from tunesmith.core.cards import Step, Validation
from tunesmith.doors.cli.command import say
from tunesmith.lifecycle.events import Event, Finished, Saved, Stage, Started, Warned

BARS = "▁▂▃▄▅▆▇█"
PLAIN_LINES = 20
"""How many lines of steps a run prints where there is no terminal, about."""


def watch(events: Iterable[Event]) -> Finished:
    """Show every event as it comes and give the last."""
    if sys.stderr.isatty():
        return _watch_live(events, Console(stderr=True))
    return _watch_plain(events)


def sparkline(values: list[float], width: int) -> str:
    """Draw numbers as a line of bars, the newest on the right."""
    shown = values[-width:]
    low, high = min(shown), max(shown)
    scale = (len(BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(BARS[round((value - low) * scale)] for value in shown)


def _watch_plain(events: Iterable[Event]) -> Finished:
    every = 1
    for event in events:
        if isinstance(event, Started):
            every = max(1, event.steps // PLAIN_LINES)
        if isinstance(event, Finished):
            return event
        if not isinstance(event, Step) or event.number % every == 0 or event.number == 1:
            say(sentence(event))
    raise AssertionError("a run ends with Finished or an error")


def sentence(event: Event) -> str:
    """Put one event into a line."""
    match event:
        case Stage():
            line = f"{event.name}: {event.sentence}"
        case Started():
            begin = f"from step {event.from_step} " if event.from_step else ""
            counts = f"{event.trainable_parameters:,} of {event.parameters:,} parameters change"
            line = "; ".join((f"training {begin}to step {event.steps}", counts, *filter(None, [event.how])))
        case Step():
            line = f"step {event.number}  epoch {event.epoch}  loss {event.loss:.4f}  "
            line += f"norm {event.gradient_norm:.2f}  {event.tokens / event.seconds:,.0f} tokens/s"
        case Validation():
            line = f"validation after step {event.step}: loss {event.loss:.4f}  "
            line += f"perplexity {event.perplexity:.2f}  token accuracy {event.token_accuracy:.1%}"
        case Saved():
            line = f"saved step {event.step}" + (f" (best: {event.best_step})" if event.best_step else "")
        case Warned():
            line = f"warning: {event.sentence}"
        case Finished():
            line = f"verdict: {event.report.verdict}"
    return line


def _watch_live(events: Iterable[Event], console: Console) -> Finished:
    bar = Progress(
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=console,
    )
    losses: list[float] = []
    speed = validation = ""
    task = bar.add_task("training", total=None, visible=False)
    with Live(console=console, refresh_per_second=8) as live:
        for event in events:
            match event:
                case Finished():
                    return event
                case Started():
                    bar.update(task, total=event.steps, completed=event.from_step, visible=True)
                    live.console.print(Text(sentence(event)))  # as it is: it may hold what looks like markup
                case Step():
                    losses.append(event.loss)
                    speed = f"{event.tokens / event.seconds:,.0f} tokens/s"
                    bar.update(task, completed=event.number)
                case Validation():
                    validation = f"validation {event.loss:.4f}, {event.token_accuracy:.1%} right"
                case Saved():
                    pass
                case _:
                    live.console.print(Text(sentence(event)))
            live.update(Group(_curve(losses, validation, speed, console.width), bar))
    raise AssertionError("a run ends with Finished or an error")


def _curve(losses: list[float], validation: str, speed: str, width: int) -> Text:
    if not losses:
        return Text("")
    line = sparkline(losses, min(60, width - 10))
    return Text(f"loss {losses[-1]:.4f}  {validation}  {speed}\n{line}")
