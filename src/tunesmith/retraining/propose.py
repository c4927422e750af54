"""Propose the next recipe: everything that was learned from before, and what people corrected since."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tunesmith.core.errors import BadData
from tunesmith.core.example import Example, Message
from tunesmith.core.recipe import Recipe
from tunesmith.core.service import Trace

LONGEST_NAME = 63

Turns = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Proposal:
    """The next recipe, the rows to write where its source says, one per line, and what was done, in notes."""

    recipe: Recipe
    rows: tuple[str, ...]
    corrections: int
    notes: tuple[str, ...]


def propose(
    previous: Recipe, parent: str, examples: Sequence[Example], traces: Sequence[Trace], path: Path
) -> Proposal:
    """Propose to train on the rows of the run `parent` and on corrected answers, all in one JSONL file.

    `examples` are its rows of all splits: a row's side follows from its prompt, so each falls on the same
    side again. `traces` come in the order of their corrections: of two for one conversation the later
    counts. A correction takes the place of rows with the same prompt. Earlier answers in a corrected
    conversation are the model's own; they are read, not learned. Raises BadData where nothing was corrected,
    or where the rows are raw text.
    """
    if any(not example.messages for example in examples):
        raise BadData(
            f"{previous.name} learns from raw text, corrections are conversations: they cannot be one file. "
            "Tune the trained model on conversations first."
        )
    corrected = [trace for trace in traces if trace.correction is not None]
    usable = [trace for trace in corrected if _can_be_learned(trace)]
    latest = {_turns(trace.messages): _conversation(trace) for trace in usable}
    if not latest:
        raise BadData(f"None of {len(traces)} traces has a correction to learn from. Give corrections first.")
    kept = [example.messages for example in examples if _turns(example.prompt) not in latest]
    notes = (
        f"{len(latest)} corrected or confirmed answers join {len(kept)} rows of {parent}.",
        *_note(len(corrected) - len(usable), "corrections left out: their turns cannot be trained on"),
        *_note(len(usable) - len(latest), "corrections left out: a later one is for the same conversation"),
        *_note(len(examples) - len(kept), f"rows of {parent} left out: a correction has the same prompt"),
    )
    rows = tuple(_row(messages) for messages in (*kept, *latest.values()))
    return Proposal(_next(previous, parent, path), rows, len(latest), notes)


def _can_be_learned(trace: Trace) -> bool:
    roles = [turn.role for turn in trace.messages]
    turns = roles[1:] if roles[:1] == ["system"] else roles
    wanted = ["user", "assistant"] * (len(turns) // 2) + ["user"]
    texts = [trace.correction or "", *(turn.content for turn in trace.messages)]
    return turns == wanted and all(text.strip() and "\0" not in text for text in texts)


def _turns(messages: Sequence[Message]) -> Turns:
    return tuple((turn.role, turn.content) for turn in messages)


def _conversation(trace: Trace) -> tuple[Message, ...]:
    earlier = (replace(turn, weight=0.0) if turn.role == "assistant" else turn for turn in trace.messages)
    return (*earlier, Message("assistant", trace.correction or ""))


def _row(messages: Sequence[Message]) -> str:
    return json.dumps({"messages": [_turn(message) for message in messages]}, ensure_ascii=False)


def _turn(message: Message) -> dict[str, Any]:
    turn: dict[str, Any] = {"role": message.role, "content": message.content}
    return turn | {"weight": int(message.weight)} if message.role == "assistant" else turn


def _note(number: int, fate: str) -> tuple[str, ...]:
    return (f"{number} {fate}.",) if number else ()


def _next(previous: Recipe, parent: str, path: Path) -> Recipe:
    content = previous.model_dump()
    content["name"] = _next_name(previous.name)
    content["parent"] = parent
    content["data"]["source"] = {"name": "jsonl", "path": str(path)}
    return Recipe.model_validate(content)


def _next_name(name: str) -> str:
    """Count up: `shop` becomes `shop-2`, that becomes `shop-3`; a long name is shortened to make room."""
    match = re.fullmatch(r"(.+)-(\d+)", name)
    stem, number = (match[1], int(match[2]) + 1) if match else (name, 2)
    ending = f"-{number}"
    return stem[: LONGEST_NAME - len(ending)] + ending
