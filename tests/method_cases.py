"""All methods of the registry: the options they are tried with, and what they do not take."""

from collections.abc import Sequence
from typing import Any

import pytest

from tunesmith.core.contracts import Method
from tunesmith.core.registry import Registry
from tunesmith.core.task import Task

METHODS = Registry("method", Method)
OPTIONS: dict[str, dict[str, Any]] = {
    "prompt": {"length": 4},
    "p_tuning": {"length": 4, "width": 16},
    "prefix": {"length": 4},
    "pissa": {"iterations": 8},
    "freeze": {"layers": 1},
    "stack": {"methods": [{"name": "lora", "rank": 4}, {"name": "pfeiffer"}]},
}
LEFT_OUT = {
    "none": "it trains nothing",
    "continued": "it goes on with the adapter of another method",
    "experts": "it mixes adapters that were trained before",
}
REFUSED = {
    ("llama", "bitfit"): "It has no biases",
    ("t5", "bitfit"): "It has no biases",
    ("gpt2", "oft"): "transposed",
    ("bert", "llama_adapter"): "",
    ("t5", "llama_adapter"): "",
    ("llama", "features"): "Features are for objectives",
    ("gpt2", "features"): "Features are for objectives",
    ("t5", "features"): "Features are for objectives",
}
"""What cannot work, and a part of the reason that is given."""

NAMES = [name for name in METHODS.names() if name not in LEFT_OUT]


def each_taken(*cases: tuple[str, Task], names: Sequence[str] = NAMES) -> pytest.MarkDecorator:
    """Run a test with every method on every case that it does not refuse."""
    taken = [
        pytest.param(name, architecture, task, id=f"{name}-{architecture}-{task.says}")
        for architecture, task in cases
        for name in names
        if (architecture, name) not in REFUSED
    ]
    return pytest.mark.parametrize(("name", "architecture", "task"), taken)
