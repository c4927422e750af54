"""Turn the columns of one row into an example, or refuse it by name."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from tunesmith.core.example import Example, Message, Place, Role
from tunesmith.data.source._columns import (
    ANSWERS,
    COMPANIONS,
    LABELS,
    PROMPTS,
    TEXTS,
    Shape,
    check_supported,
    fold,
)
from tunesmith.data.source._refused import Refused, checked_text, kind_of
from tunesmith.data.source._turns import check_conversation, read_turns

Row = Mapping[str, Any]

_MEANINGFUL = frozenset((*PROMPTS, *ANSWERS, *TEXTS, *LABELS, *COMPANIONS, "messages"))


def example(shape: Shape, row: Row, place: Place) -> Example:
    """Read one row as its file's shape says; raises Refused.

    A column that the first row did not have is ignored, unless its name says that it changes what is learned.
    """
    if not shape.chosen:
        check_supported(row)
        if not row.keys() <= shape.known:
            _check_new_columns(shape, row)
    for name in shape.columns[:2]:
        if name not in row:
            found = f"no column {name!r}, only {', '.join(map(repr, row)) or 'an empty object'}"
            raise Refused("missing field", found, "Give every row the same columns.")
    return _LAYOUTS[shape.layout](shape.columns, row, place)


def _check_new_columns(shape: Shape, row: Row) -> None:
    for name in row.keys() - shape.known:
        if fold(name) in _MEANINGFUL and row[name]:
            remedy = "The first usable row has no such column. Give every row the same columns, or remove it."
            raise Refused("unexpected column", repr(name), remedy)


def _messages(columns: tuple[str, ...], row: Row, place: Place) -> Example:
    return Example(place, check_conversation(read_turns(row[columns[0]], repr(columns[0]))))


def _pair(columns: tuple[str, ...], row: Row, place: Place) -> Example:
    prompt, completion, *companions = columns
    before = _side(row[prompt], "user", repr(prompt))
    for name in companions:
        before = _joined(before, row.get(name), repr(name))
    after = _side(row[completion], "assistant", repr(completion))
    return Example(place, check_conversation((*before, *after)))


def _labelled(columns: tuple[str, ...], row: Row, place: Place) -> Example:
    text, column = columns
    question = Message("user", checked_text(row[text], "text", repr(text)))
    label = row[column]
    if isinstance(label, int):  # true, false and whole numbers have one spelling: that of JSON
        label = json.dumps(label)
    label = checked_text(label, "label", repr(column))
    return Example(place, (question, Message("assistant", label)), labels=(label,))


def _text(columns: tuple[str, ...], row: Row, place: Place) -> Example:
    return Example(place, text=checked_text(row[columns[0]], "text", repr(columns[0])))


def _side(value: object, role: Role, where: str) -> tuple[Message, ...]:
    # Answers given earlier, in a prompt of several turns, are read but not learned unless they say so.
    if isinstance(value, list):
        return read_turns(value, where, weight=1.0 if role == "assistant" else 0.0)
    return (Message(role, checked_text(value, "answer" if role == "assistant" else "prompt", where)),)


def _joined(before: tuple[Message, ...], more: object, where: str) -> tuple[Message, ...]:
    if more is None or (isinstance(more, str) and not more.strip()):
        return before
    if len(before) != 1 or before[0].role != "user":
        remedy = "Only a prompt that is one text can be continued; write it as a turn of its own."
        raise Refused("wrong type", f"{where} is {kind_of(more)} beside a prompt of several turns", remedy)
    return (Message("user", f"{before[0].content}\n\n{checked_text(more, 'prompt', where)}"),)


_LAYOUTS: Mapping[str, Callable[[tuple[str, ...], Row, Place], Example]] = {
    "messages": _messages,
    "prompt and completion": _pair,
    "text and label": _labelled,
    "text": _text,
}
