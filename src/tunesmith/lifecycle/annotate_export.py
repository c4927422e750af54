"""Write what was annotated as a file of rows, in columns that the source `jsonl` knows by their names."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tunesmith.core.contracts import Source
from tunesmith.core.errors import BadOption
from tunesmith.core.example import BadRow, Example, Message
from tunesmith.core.registry import Registry
from tunesmith.lifecycle.annotate_options import parsed


def export(project: Path, out: Path, options: Sequence[str]) -> list[str]:
    """Write what was annotated as JSONL that a recipe can name; says what was written and what was left out.

    `options` are those of the source `annotations`, such as policy=adjudicated. Raises BadOption rather than
    overwrite a file.
    """
    source = Registry("data.source", Source).build("annotations", {"path": str(project), **parsed(options)})
    sentence, refused, written = source.reads_as(), list[BadRow](), 0
    try:
        with out.open("x", encoding="utf-8", newline="\n") as file:
            for row in source.read():
                if isinstance(row, BadRow):
                    refused.append(row)
                    continue
                file.write(json.dumps(_line(row), ensure_ascii=False, default=str) + "\n")
                written += 1
    except FileExistsError:
        raise BadOption(f"{out} exists already, and nothing is overwritten. Name another file.") from None
    return [sentence, f"written:  {out}, rows: {written:,}", *(f"left out: {row}" for row in refused)]


def _line(row: Example) -> dict[str, Any]:
    beside = {name: row.fields[name] for name in ("annotators", "agreement")}
    if row.labels:
        label = row.labels[0] if len(row.labels) == 1 else list(row.labels)
        return {"text": "\n".join(turn.content for turn in row.prompt), "label": label, **beside}
    if row.tools:
        beside = {"tools": json.loads(row.tools), **beside}
    if row.rejected:
        answers = {"chosen": row.reference, "rejected": row.rejected[-1].content}
        return {"prompt": [_turn(turn) for turn in row.prompt], **answers, **beside}
    turns = [_turn(turn) for turn in row.messages]
    if row.value is not None:
        return {"prompt": turns[:-1], "completion": turns[-1:], "rating": row.value, **beside}
    return {"messages": turns, **beside}


def _turn(turn: Message) -> dict[str, Any]:
    """Write a turn with what it has; a weight only where it is not the usual one."""
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in turn.tool_calls
    ]
    beside = {"reasoning_content": turn.reasoning, "tool_calls": calls, "name": turn.name}
    beside |= {"tool_call_id": turn.call}
    weight = {"weight": 0} if turn.role == "assistant" and not turn.weight else {}
    return {"role": turn.role, "content": turn.content, **weight, **{k: v for k, v in beside.items() if v}}
