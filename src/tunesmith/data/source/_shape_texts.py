"""Layouts with one text: raw, with labels, or with a number to predict."""

import json
from typing import Any

from tunesmith.core.example import Example, Message, Place
from tunesmith.data.source._names import Candidates, Row
from tunesmith.data.source._numbers import has_fraction, read_number
from tunesmith.data.source._refused import Refused, checked_text
from tunesmith.data.source._shape import OPTION, Layout, Shape

_LABELLED = ("text", "label")


def _find_text(found: Candidates) -> dict[str, str] | None:
    """Find raw text: the one text column where no other could be its label."""
    roles = found.roles(("text",))
    if roles is None:
        return None
    is_alone = not found.named.get("label") and not found.others and not found.foreign
    return roles if found.is_said or is_alone else None


def _find_labelled(found: Candidates) -> dict[str, str] | None:
    """Find text and label: by name, or a known label and the only other text."""
    if by_name := found.roles(_LABELLED):
        return by_name
    texts, labels = found.named["text"], found.named["label"]
    if texts or not found.may_guess or (len(labels), len(found.others)) != (1, 1):
        return None
    return {"text": found.others[0], "label": labels[0]}


def _find_labels(found: Candidates) -> dict[str, str] | None:
    roles = _find_labelled(found)
    return roles if roles and (found.is_chosen or not has_fraction(found.row[roles["label"]])) else None


def _find_numbers(found: Candidates) -> dict[str, str] | None:
    roles = _find_labelled(found)
    return roles if roles and (found.is_chosen or has_fraction(found.row[roles["label"]])) else None


def _read_text(shape: Shape, row: Row, place: Place, fields: dict[str, Any]) -> Example:
    return Example(
        place, text=checked_text(row[shape.roles["text"]], "text", shape.quoted["text"]), fields=fields
    )


def _read_labels(shape: Shape, row: Row, place: Place, fields: dict[str, Any]) -> Example:
    labels = _labels(row[shape.roles["label"]], shape.quoted["label"], shape.label_separator)
    said = labels[0] if len(labels) == 1 else (shape.label_separator or ", ").join(labels)
    return Example(place, (_question(shape, row), Message("assistant", said)), labels=labels, fields=fields)


def _read_number(shape: Shape, row: Row, place: Place, fields: dict[str, Any]) -> Example:
    number, where = row[shape.roles["label"]], shape.quoted["label"]
    value = read_number(number, where)
    said = number.strip() if isinstance(number, str) else json.dumps(number)
    turns = (_question(shape, row), Message("assistant", said))
    return Example(place, turns, labels=(said,), value=value, fields=fields)


def _question(shape: Shape, row: Row) -> Message:
    return Message("user", checked_text(row[shape.roles["text"]], "text", shape.quoted["text"]))


def _labels(value: object, where: str, separator: str | None) -> tuple[str, ...]:
    if separator is not None and isinstance(value, str):
        value = [label.strip() for label in value.split(separator)]
    if not isinstance(value, list):
        return (_label(value, where),)
    if not value:
        remedy = "Write a label that says so, such as 'none', or remove the row."
        raise Refused("empty label", f"{where} is an empty list", remedy)
    labels = tuple(_label(label, f"{where}, label {number}") for number, label in enumerate(value, 1))
    if twice := [label for label in labels if labels.count(label) > 1]:
        raise Refused("label given twice", f"{where} has {twice[0]!r} twice", "Keep one of them.")
    return labels


def _label(label: object, where: str) -> str:
    if isinstance(label, int):  # true, false and whole numbers have one spelling: that of JSON
        return json.dumps(label)
    if isinstance(label, float):
        remedy = f"Have numbers predicted with {OPTION}.shape=numbers, or write the label in quotes."
        raise Refused("wrong type", f"{where} is a number with a fraction: {label!r}", remedy)
    return checked_text(label, "label", where)


TEXT = Layout(
    name="text",
    kind="text",
    said="text",
    override=f"{OPTION}.text=... {OPTION}.label=...",
    needs=("text",),
    may=(),
    find=_find_text,
    read=_read_text,
)
LABELS = Layout(
    name="labels",
    kind="labels",
    said="text and label",
    override=TEXT.override,
    needs=_LABELLED,
    may=(),
    find=_find_labels,
    read=_read_labels,
)
NUMBERS = Layout(
    name="numbers",
    kind="labels",
    said="text and number",
    override=f"{OPTION}.shape=labels",
    needs=_LABELLED,
    may=(),
    find=_find_numbers,
    read=_read_number,
)
