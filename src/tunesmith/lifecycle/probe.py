"""The fresh process that proves a package: `python -m tunesmith.lifecycle.probe FOLDER` prints JSON."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tunesmith.core.cards import Model
from tunesmith.core.contracts import Memory, Method
from tunesmith.core.errors import TunesmithError
from tunesmith.core.registry import Registry
from tunesmith.core.task import Held, Task
from tunesmith.export.probe import Comparison, compare
from tunesmith.export.read import Loaders, load
from tunesmith.lifecycle.memories import recalling
from tunesmith.lifecycle.storage import load_fitting
from tunesmith.model.find import find
from tunesmith.model.load import load as load_model
from tunesmith.model.load import load_chat

COMMAND = (sys.executable, "-P", "-m", "tunesmith.lifecycle.probe")
"""What `tunesmith.export.verify` runs; `-P` keeps files of the current folder from being imported."""


def _change(model: Model, method: str, options: Mapping[str, Any], folder: Path) -> Model:
    made_by = Registry("method", Method).build(method, options).within(folder)
    return made_by.apply(model, seed=0)  # what is random is overwritten


def _remember(model: Model, memories: Sequence[Mapping[str, Any]], folder: Path, made: str) -> Model:
    return recalling(model, build_memories(memories), folder, made)


def _held(name: str, folder: Path, task: Task, bits: Held) -> Model:
    return load_model(name, folder, storage=bits, task=task)


LOADERS = Loaders(
    find=find, model=load_fitting, chat=load_chat, held=_held, change=_change, remember=_remember
)
"""How packages are loaded, here and in the server."""


def build_memories(memories: Sequence[Mapping[str, Any]]) -> list[Memory]:
    """Make the memories that a package names, each with its options."""
    room = Registry("memory", Memory)
    return [room.build(one["name"], {k: v for k, v in one.items() if k != "name"}) for one in memories]


def probe(folder: Path) -> Comparison:
    """Load a package the way the server does and hold it against its stored probes."""
    return compare(load(folder, LOADERS), folder)


def main(folder: str) -> int:
    """Print the comparison, or the error that stopped it, and give the exit code."""
    answer: dict[str, Any]
    try:
        answer, code = asdict(probe(Path(folder))), 0
    except TunesmithError as error:
        answer, code = {"error": str(error), "kind": type(error).__name__}, error.exit_code
    sys.stdout.write(json.dumps(answer) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
