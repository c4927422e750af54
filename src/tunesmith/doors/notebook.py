"""Show a run inside a notebook: the same curve as in the report, drawn anew while it trains."""

import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from time import monotonic

from tunesmith.core.cards import Step, Validation
from tunesmith.lifecycle.events import Event, Finished, Saved
from tunesmith.pages.curve import render_curve

SECONDS_BETWEEN_DRAWINGS = 1.0
UNFINISHED = "a run ends with Finished or an error"


def watch(events: Iterable[Event]) -> Finished:
    """Follow a run to its end; draws in a notebook, and is silent anywhere else."""
    if "ipykernel" in sys.modules:
        return follow(events, _drawer())
    for event in events:
        if isinstance(event, Finished):
            return event
    raise AssertionError(UNFINISHED)


def follow(
    events: Iterable[Event], draw: Callable[[str], None], clock: Callable[[], float] = monotonic
) -> Finished:
    """Draw the curve so far once a second, and the whole curve at the end; `draw` takes HTML."""
    steps: list[Step] = []
    validations: list[Validation] = []
    best, due = None, clock()
    for event in events:
        match event:
            case Step():
                steps.append(event)
            case Validation():
                validations.append(event)
            case Saved():
                best = event.best_step
            case Finished():
                draw(render_curve(steps, validations, best))
                return event
            case _:
                pass
        if steps and clock() >= due:
            due = clock() + SECONDS_BETWEEN_DRAWINGS
            draw(render_curve(steps, validations, best))
    raise AssertionError(UNFINISHED)


def _drawer() -> Callable[[str], None]:
    notebook = import_module("IPython.display")  # a notebook has it; nothing else needs it
    shown = notebook.display(notebook.HTML(""), display_id=True)
    return lambda markup: shown.update(notebook.HTML(markup))
