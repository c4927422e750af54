"""`tunesmith chat`: talk to a package in the terminal, or answer questions from a pipe."""

import sys
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from tunesmith.core.cards import Decoding
from tunesmith.core.errors import BadData, PromptTooLong
from tunesmith.core.example import Message
from tunesmith.doors.cli.command import command, say

System = Annotated[str | None, typer.Option(help="What the model is told before the conversation.")]
Temperature = Annotated[float, typer.Option(min=0, help="0 always gives the likeliest answer.")]
MaxTokens = Annotated[int, typer.Option(min=1, help="Longest answer in tokens.")]

Turns = tuple[Message, ...]
Answer = Callable[[Turns], str]
"""Shows the answer to a conversation as it grows, and gives it."""


@command("chat")
def chat(
    package: Annotated[Path, typer.Argument(help="A package.")],
    system: System = None,
    temperature: Temperature = 0.0,
    max_tokens: MaxTokens = 256,
) -> None:
    """Talk to a package, a line a turn; an empty line ends it.

    A conversation that outgrows the model's context starts afresh. From a pipe, each line is asked alone.
    """
    from tunesmith.lifecycle.loaded import load

    say(f"loading {package}")
    model = load(package)
    decoding = Decoding(max_tokens=max_tokens, temperature=temperature)

    def answer(turns: Turns) -> str:
        said = ""
        for piece in model.stream(turns, decoding):
            said += piece
            sys.stdout.write(piece)
            sys.stdout.flush()
        sys.stdout.write("\n")
        return said

    opening = (Message("system", system),) if system else ()
    ask = _talk if sys.stdin.isatty() else _answer_each
    # What is no text is found and named line by line, not when Python reads ahead.
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")  # type: ignore[reportUnknownMemberType]
    ask(answer, opening)


def _talk(answer: Answer, opening: Turns) -> None:
    turns = opening
    for _, line in _lines(_typed()):
        if not line:
            return
        turns = _grown(answer, opening, turns, Message("user", line))


def _grown(answer: Answer, opening: Turns, turns: Turns, question: Message) -> Turns:
    """Answer a question and give the conversation with both; afresh where that outgrew the context."""
    asked = (*turns, question)
    try:
        return (*asked, Message("assistant", answer(asked)))
    except PromptTooLong as error:
        if turns == opening:
            say(str(error))
            return opening
    say("The conversation has outgrown the model's context. It starts afresh with this question.")
    return _grown(answer, opening, opening, question)


def _answer_each(answer: Answer, opening: Turns) -> None:
    for number, line in _lines(sys.stdin):
        if not line:
            continue
        try:
            answer((*opening, Message("user", line)))
        except BadData as error:
            raise type(error)(f"Line {number} of the input: {error}") from None


def _typed() -> Iterator[str]:
    while True:
        sys.stderr.write("> ")
        sys.stderr.flush()
        yield sys.stdin.readline()


def _lines(source: Iterator[str]) -> Iterator[tuple[int, str]]:
    """Give each line with its number, without the spaces around it; raises BadData for what is no text."""
    for number, line in enumerate(source, start=1):
        if any("\ud800" <= letter <= "\udfff" for letter in line):
            raise BadData(
                f"Line {number} of the input is not text in {sys.stdin.encoding}. Save it as UTF-8."
            )
        yield number, line.strip()
