"""What the page is shown: plain JSON, made of the cards; the page puts every text in as text."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tunesmith.core.example import Message
from tunesmith.data.annotation.decide import in_words
from tunesmith.data.annotation.project import Annotation, Settings, Task, answer_of, candidates, question


def task_view(task: Task, settings: Settings, *, is_waiting: bool = False) -> dict[str, Any]:
    """Show a row; `is_waiting` says that a suggestion is being made."""
    ranks = settings.work == "ranking"
    suggestion = None if ranks or task.suggestion is None else asdict(task.suggestion)
    return {
        "number": task.number,
        "place": str(task.row.place),
        "doubt": task.doubt,
        "turns": [{"role": turn.role, "content": _content(turn)} for turn in question(task.row)],
        "answer": answer_of(task.row),
        "answers": candidates(task, settings.seed) if ranks else [],
        "labels": task.row.labels,
        "value": task.row.value,
        "suggestion": suggestion,
        "waiting": is_waiting,
    }


def said_view(said: Annotation) -> dict[str, Any]:
    """Show what somebody said."""
    return {
        "annotator": said.annotator,
        "role": said.role,
        "kind": said.kind,
        "value": said.value,
        "note": said.note,
        "words": in_words(said) if said.kind not in ("skip", "flag") else said.note,
    }


def contested_view(task: Task, said: Sequence[Annotation], settings: Settings) -> dict[str, Any]:
    """Show a row that somebody has to settle, with all opinions.

    Answers that were ranked come from what was said: a model may suggest another one by now.
    """
    shown = task_view(task, settings)
    seen = [answer for one in said if one.kind == "ranking" for answer in one.value["answers"]]
    if seen:
        shown["answers"] = list(dict.fromkeys([*shown["answers"], *seen]))
    return {**shown, "opinions": [said_view(one) for one in said if one.kind != "skip"]}


def _content(turn: Message) -> str:
    """Show what was thought, said and called, one after the other."""
    calls = (f"{call.name}({call.arguments})" for call in turn.tool_calls)
    return "\n".join(part for part in (turn.reasoning, turn.content, *calls) if part)
