"""`tunesmith chat`: talk to a package in the terminal, or answer questions from a pipe."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from tunesmith.core.cards import Decoding, Message
from tunesmith.doors.cli.command import command, say

System = Annotated[str | None, typer.Option(help="What the model is told before the conversation.")]
Temperature = Annotated[float, typer.Option(min=0, help="0 always gives the likeliest answer.")]
MaxTokens = Annotated[int, typer.Option(min=1, help="Longest answer in tokens.")]


@command("chat")
def chat(
    package: Annotated[Path, typer.Argument(help="A package.")],
    system: System = None,
    temperature: Temperature = 0.0,
    max_tokens: MaxTokens = 256,
) -> None:
    """Talk to a package, a line a turn; an empty line ends it. From a pipe, each line is asked alone."""
    from tunesmith.lifecycle.loaded import load

    say(f"loading {package}")
    model = load(package)
    decoding = Decoding(max_tokens=max_tokens, temperature=temperature)
    opening = (Message("system", system),) if system else ()
    turns = opening
    for line in _lines():
        turns = (*turns, Message("user", line))
        answer = ""
        for piece in model.stream(turns, decoding):
            answer += piece
            sys.stdout.write(piece)
            sys.stdout.flush()
        sys.stdout.write("\n")
        turns = (*turns, Message("assistant", answer)) if sys.stdin.isatty() else opening


def _lines() -> Iterator[str]:
    if not sys.stdin.isatty():
        yield from (line.strip() for line in sys.stdin if line.strip())
        return
    while line := _ask():
        yield line


def _ask() -> str:
    sys.stderr.write("> ")
    sys.stderr.flush()
    return sys.stdin.readline().strip()
