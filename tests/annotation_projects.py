"""Annotation projects with a few rows, as tests of the store, the page and the command line need them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tunesmith.core.example import Example, Message, Place
from tunesmith.data.annotation.project import Annotation, Settings
from tunesmith.data.annotation.store import Store

LABELS = ("praise", "complaint", "question")


def text(number: int, content: str | None = None) -> Example:
    """Give a row without a label."""
    return Example(Place("rows.csv", number + 2, 10 * number), text=content or f"Row number {number}.")


def labelled(number: int, label: str) -> Example:
    """Give a row with a label."""
    turns = (Message("user", f"Row number {number}."), Message("assistant", label))
    return Example(Place("rows.csv", number + 2, 10 * number), turns, labels=(label,))


def answered(number: int, answer: str = "In the post.") -> Example:
    """Give a conversation."""
    turns = (Message("user", f"Where is order {number}?"), Message("assistant", answer))
    return Example(Place("rows.jsonl", number + 1, 10 * number), turns, fields={"id": number})


def pair(number: int) -> Example:
    """Give a row with two answers."""
    turns = (Message("user", f"Where is order {number}?"), Message("assistant", "In the post."))
    worse = (Message("assistant", "Nowhere."),)
    return Example(Place("rows.jsonl", number + 1, 10 * number), turns, rejected=worse)


def settings(work: Any = "labels", **values: Any) -> Settings:
    """Give settings; three labels unless told otherwise."""
    usual = {"labels": LABELS} if work == "labels" else {}
    return Settings(work=work, **{**usual, **values})


def project(path: Path, rows: Iterable[Example], asked: Settings | None = None) -> Store:
    """Make a project with rows."""
    store = Store.create(path)
    store.configure(asked or settings(), now=1.0)
    store.add(rows, asked or settings(), {})
    return store


def say(task: int, annotator: str, value: Any, kind: Any = "labels", **values: Any) -> Annotation:
    """Give an annotation; its request is made of what it says."""
    wording = f"{annotator}-{task}-{kind}-{value}-{values.get('role')}"
    request = values.pop("request", None) or "".join(c if c.isalnum() else "-" for c in wording)[:64]
    return Annotation(task=task, annotator=annotator, kind=kind, value=value, request=request, **values)
