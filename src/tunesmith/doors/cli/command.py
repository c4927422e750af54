"""What all commands share: how they are declared, and how they show a result."""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

COMMANDS: dict[str, Callable[..., None]] = {}

GROUPS = {
    "data": "Look into data, mend it, have people label it, find out how much is enough.",
    "memory": "Change what a package remembers, without training.",
}
"""Words that stand before others: `data audit` is a command of the group `data`."""

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")]
Changes = Annotated[
    list[str] | None, typer.Argument(metavar="[PATH.TO.OPTION=VALUE]...", help="Changes to the recipe.")
]


def command(name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare a command by the word that people type."""

    def declare(function: Callable[..., None]) -> Callable[..., None]:
        COMMANDS[name] = function
        return function

    return declare


def show(lines: list[str], value: Mapping[str, Any] | list[Any], as_json: bool) -> None:
    """Print a result to standard output: lines for people, or one JSON document for programs."""
    text = json.dumps(value, indent=2, ensure_ascii=False) if as_json else "\n".join(lines)
    sys.stdout.write(text + "\n")


def say(sentence: str) -> None:
    """Tell people what is going on, on standard error, so that results can be piped."""
    sys.stderr.write(sentence + "\n")
