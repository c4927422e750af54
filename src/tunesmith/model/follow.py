"""What a model must say after its prompt, so that the conversation stands there as it is rendered."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tunesmith.core.errors import BadData
from tunesmith.core.example import Message
from tunesmith.model.render import Renderer
from tunesmith.model.turns import Turn, turns_of

_OPENED = re.compile(r"(?P<mark>[<\[](?P<word>think|thinking|thought|reasoning)[>\]])\s*\Z", re.IGNORECASE)
"""A prompt that begins the answer's thought for the model."""

_QUESTION = turns_of([Message("user", "Hello")])


def prompt_and_answer(renderer: Renderer, turns: Sequence[Turn], tools: list[Turn] | None) -> tuple[str, str]:
    """Give the text of the prompt before the last turn, as it is served, and the text of that turn.

    Raises BadData where the template renders nothing of the turn, or not what a prompt lets it say.
    """
    before = renderer.render(turns[:-1], tools, answer_follows=True)
    whole = renderer.render(turns, tools, answer_follows=False)
    if before.startswith(whole) and before != whole:
        raise BadData(
            f"The chat template renders nothing of turn {len(turns)}, an answer. "
            "Give it words, or leave it out."
        )
    answer = _behind(before, whole, turns[-1])
    if answer is None:
        answer = _said_alone(renderer, whole, turns[-1], tools)
    if answer is None:
        raise BadData(
            "The chat template renders a prompt differently once its answer follows: what is trained "
            "would not be what is served. Use one whose prompt is the beginning of the conversation."
        )
    return before, answer


def _behind(before: str, whole: str, turn: Turn) -> str | None:
    """Give what follows the prompt; None where the prompt does not stand there as it is served."""
    if whole.startswith(before):
        return whole[len(before) :]
    opened = _OPENED.search(before)
    if opened is None or not whole.startswith(before[: opened.start()]):
        return None
    rest = whole[opened.start() :]
    mark, close = opened["mark"], opened["mark"].replace(opened["word"], f"/{opened['word']}")
    thought = _thought(turn, mark, close)
    if rest.startswith(mark):
        return rest.removeprefix(mark).lstrip()
    if close in rest and thought in rest:
        return rest
    return f"{thought}\n{close}\n\n{rest}"  # the template leaves thoughts out, but its prompt asks for one


def _thought(turn: Mapping[str, Any], mark: str, close: str) -> str:
    """Give what an answer thought first, also where that stands inside its content."""
    inside, closed, _ = turn["content"].partition(close)
    thought = turn.get("reasoning_content", inside.strip().removeprefix(mark) if closed else "")
    return thought.strip("\n")


def _said_alone(renderer: Renderer, whole: str, turn: Turn, tools: list[Turn] | None) -> str | None:
    """Give an answer as it follows a plain question, if it ends the conversation in the same words.

    Mistral's templates put the system turn into the last question, and leave it out once an answer follows.
    """
    before = renderer.render(_QUESTION, tools, answer_follows=True)
    answer = _behind(before, renderer.render([*_QUESTION, turn], tools, answer_follows=False), turn)
    return answer if answer is not None and whole.endswith(answer) else None
