"""The cards of a model in service: what is served, what it answered, and what was observed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tunesmith.core.example import Message


@dataclass(frozen=True)
class Package:
    """A folder that is served or shared: weights or adapter, tokenizer, template, card, licence, report."""

    folder: Path
    name: str
    kind: Literal["adapter", "weights"]
    base: str
    base_fingerprint: str
    files: Mapping[str, str]
    format: int = 1


@dataclass(frozen=True, slots=True)
class Vectors:
    """One vector of length 1 per text, in their order, and how many tokens were read."""

    rows: tuple[tuple[float, ...], ...]
    tokens: int


@dataclass(frozen=True, slots=True)
class Trace:
    """One answered request; `correction` is what a person says the answer should have been."""

    id: str
    created: float
    model: str
    messages: tuple[Message, ...]
    answer: str
    prompt_tokens: int
    tokens: int
    seconds: float
    correction: str | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """What was observed in service, and whether it is reason enough to train again."""

    trigger: str
    fires: bool
    sentence: str
    traces: tuple[str, ...] = ()
