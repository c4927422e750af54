"""How large a model may be on this machine, for each way of using it, by the same formulas as `advise`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tunesmith.core.contracts import Method
from tunesmith.core.registry import Registry
from tunesmith.core.task import Storage
from tunesmith.lifecycle.advise.estimate import Machine, Work, answering_bytes, estimate
from tunesmith.lifecycle.advise.footprint import Change, change_of
from tunesmith.method.full import Full
from tunesmith.method.lora import LoRA
from tunesmith.model.bases import Base
from tunesmith.model.shape import Shape

ROW = 512
"""Tokens of the rows that are thought of; one at a time must fit."""
WIDTHS = range(64, 32768, 64)


@dataclass(frozen=True)
class Largest:
    """The largest model that fits, in parameters, for one way of using it, and a well-known base near it."""

    way: str
    parameters: int
    example: str | None

    def describe(self) -> str:
        """Say it in a line."""
        if not self.parameters:
            return f"{self.way}: nothing fits"
        such = f", such as {self.example}" if self.example else ""
        return f"{self.way}: up to {_rounded(self.parameters)} parameters{such}"


def largest(machine: Machine, bases: Mapping[str, Base]) -> list[Largest]:
    """Find the largest model for every way; bases are tried as well, as shapes differ."""
    return [_largest(way, fits, bases) for way, fits in _ways(machine).items()]


def _ways(machine: Machine) -> dict[str, Callable[[Shape], bool]]:
    def trains(name: str, held: Storage) -> Callable[[Shape], bool]:
        return lambda shape: estimate(shape, _change(name, shape, held), _ONE_ROW, machine, held).fits

    def answers(shape: Shape) -> bool:
        return answering_bytes(shape, "stored", ROW) <= machine.room

    ways = {
        "full fine-tuning": trains("full", "float32"),
        "LoRA, the base in 16 bits": trains("lora", "stored"),
    }
    if "qlora" in Registry("method", Method).names():
        ways["QLoRA, the base in 4 bits"] = trains("lora", "nf4")
    return ways | {"answering, in 16 bits": answers}


_ONE_ROW = Work(ROW, ROW, ROW, ROW * ROW / 2, 0, ROW, ROW, ROW)


def _change(name: str, shape: Shape, held: Storage) -> Change:
    found = change_of(name, Full() if name == "full" else LoRA(), shape)
    assert found is not None
    return found


def _largest(way: str, fits: Callable[[Shape], bool], bases: Mapping[str, Base]) -> Largest:
    low, high = (
        -1,
        len(WIDTHS),
    )  # of these numbers of WIDTHS the first fits, as if 0 did, and the second does not
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(_usual(WIDTHS[middle])) else (low, middle)
    parameters = _usual(WIDTHS[low]).parameters if low >= 0 else 0
    near = [base for base in bases.values() if base.shape.family == "decoder" and fits(base.shape)]
    best = max(near, key=lambda base: base.shape.parameters, default=None)
    return Largest(way, parameters, best.name if best else None)


def _usual(width: int) -> Shape:
    """Give the shape of today's decoders of a width: layers grow with it, three keys in four are shared."""
    heads = width // 64
    return Shape(
        family="decoder",
        layers=max(2, width // 110),
        width=width,
        inner=3 * width,
        heads=heads,
        kv_heads=max(1, heads // 4),
        head_width=64,
        vocabulary=64_000,
        is_tied=True,
        is_gated=True,
    )


def _rounded(parameters: int) -> str:
    for unit, size in (("billion", 10**9), ("million", 10**6)):
        if parameters >= size:
            return f"{float(f'{parameters / size:.2g}'):g} {unit}"
    return f"{parameters:,}"
