"""Show a run inside a notebook: the same curves as in the report, drawn anew while it trains."""

import sys
from collections.abc import Callable, Iterable
from time import monotonic

from tunesmith.core.cards import Step, Validation
from tunesmith.lifecycle.curve import render_curve
from tunesmith.lifecycle.events import Event, Finished, Saved

SECONDS_BETWEEN_DRAWINGS = 1.0


def watch(events: Iterable[Event]) -> Finished:
    """Follow a run to its end; draws in a notebook, and is silent anywhere else."""
    draw = _drawer() if _is_notebook() else None
    steps: list[Step] = []
    validations: list[Validation] = []
    best, drawn = None, 0.0
    for event in events:
        match event:
            case Step():
                steps.append(event)
            case Validation():
                validations.append(event)
            case Saved():
                best = event.best_step
            case Finished():
                return event
            case _:
                pass
        if draw and steps and monotonic() - drawn > SECONDS_BETWEEN_DRAWINGS:
            drawn = monotonic()
            draw(render_curve(steps, validations, best))
    raise AssertionError("a run ends with Finished or an error")


def _is_notebook() -> bool:
    return "ipykernel" in sys.modules


def _drawer() -> Callable[[str], None]:
    from IPython.display import HTML, display  # a notebook has it; nothing else needs it

    shown = display(HTML(""), display_id=True)
    return lambda markup: shown.update(HTML(markup))
