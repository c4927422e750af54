"""Grid search: every combination of the values to try, in a stable order, and the best of what was tried."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from tunesmith.core.errors import BadOption, BadRecipe

SEARCHABLE = ("method", "training", "seed")
"""What may vary; all else changes what a validation loss measures, and trials could not be compared."""

_OPENING, _CLOSING, _QUOTES = "[{", "]}", "\"'"


@dataclass(frozen=True)
class Trial:
    """One combination and what became of it; `number` counts from 1, `folder` is a name below the search's.

    `validation_loss` is that of the best step, in nats per token. A trial that is "started" while nothing
    runs was interrupted.
    """

    number: int
    changes: tuple[str, ...]
    state: Literal["waiting", "started", "finished", "failed"] = "waiting"
    folder: str | None = None
    validation_loss: float | None = None
    message: str | None = None


def parse(texts: Sequence[str]) -> dict[str, list[str]]:
    """Read axes such as `training.learning_rate=1e-4,3e-4` or `method.rank=[8, 16]`: a path and its values.

    Values keep the form they were written in. A comma inside brackets, braces or quotes does not part them;
    brackets around all of them are a list of values, so lists are written `[[a], [a, b]]` or `[a],[a, b]`.
    Raises BadRecipe for what is no axis, BadOption for an axis that cannot be searched.
    """
    if not texts:
        raise BadRecipe(
            "There is nothing to search. Give at least one axis, such as method.rank=8,16 "
            "or training.learning_rate=1e-4,3e-4."
        )
    axes: dict[str, list[str]] = {}
    for text in texts:
        path, equals, written = (part.strip() for part in text.partition("="))
        if not path or not equals:
            raise BadRecipe(f"{text!r} is not an axis. Write path=value,value: for example method.rank=8,16.")
        if path in axes:
            raise BadRecipe(f"{path} is given twice. Write all of its values into one axis.")
        if path.split(".")[0] not in SEARCHABLE:
            raise BadOption(
                f"{path} cannot be searched: it changes what the validation loss measures, so trials could "
                f"not be compared. What can: {', '.join(SEARCHABLE)}, and everything below them."
            )
        axes[path] = _values(path, written)
    return axes


def trials(axes: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """Give all combinations as changes to a recipe; the last axis varies fastest."""
    changes = [[f"{path}={value}" for value in values] for path, values in axes.items()]
    return list(product(*changes))


def best(results: Sequence[Trial]) -> Trial | None:
    """Give the finished trial with the lowest validation loss, of equals the earliest; None without any."""
    losses = [
        (trial.validation_loss, trial)
        for trial in results
        if trial.state == "finished" and trial.validation_loss is not None
    ]
    finite = [pair for pair in losses if math.isfinite(pair[0])]
    return min(finite, key=lambda pair: pair[0])[1] if finite else None


def _values(path: str, written: str) -> list[str]:
    values = list(_parts(path, written))
    if len(values) == 1 and written.startswith("[") and written.endswith("]"):
        values = list(_parts(path, written[1:-1]))
    if "" in values:
        raise BadRecipe(f"{path}={written}: a value is missing. Write {path}=value,value.")
    if len(values) == 1:
        raise BadRecipe(
            f"{path}={written}: one value leaves nothing to choose. Give more, or write it into the recipe."
        )
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise BadRecipe(f"{path}={written}: {twice[0]} is given twice. Keep one.")
    return values


def _parts(path: str, written: str) -> Iterator[str]:
    """Part a text at the commas that stand outside brackets, braces and quotes."""
    depth, quote, start = 0, "", 0
    for place, letter in enumerate(written):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in _QUOTES:
            quote = letter
        elif letter == "," and depth == 0:
            yield written[start:place].strip()
            start = place + 1
        else:
            depth += (letter in _OPENING) - (letter in _CLOSING)
        if depth < 0:
            break
    if depth or quote:
        raise BadRecipe(f"{path}={written}: brackets, braces or quotes are not closed. Close them.")
    yield written[start:].strip()
