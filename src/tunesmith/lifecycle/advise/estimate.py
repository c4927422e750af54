"""How much memory and time a training would take, from sizes alone: no weights are read, nothing is run.

Operations follow from the sizes; what else a step costs, memory traffic and copies, is proportional to what
layers keep for the backward pass. The factors of that were measured on Llama shapes of 0.1 to 135 million
parameters on a processor: docs/guides/choose-base-and-method.md says how far they were off. On a graphics
card they are assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import get_args

from tunesmith.core.cards import Encoded, Measured
from tunesmith.core.recipe import Training
from tunesmith.core.task import Held, Storage
from tunesmith.lifecycle.advise.footprint import Change
from tunesmith.lifecycle.doctor.ceilings import Ceilings
from tunesmith.lifecycle.rhythm import Rhythm
from tunesmith.model.shape import Shape

TRAFFIC = {"cpu": 50.0, "cuda": 15.0}
"""Bytes that a step moves for every byte that a layer keeps: in norms, activations and copies."""
ATTENTION = {"cpu": 0.3, "cuda": 3.0}
"""What attention attains of the speed of products in float32."""
PROCESS = {"cpu": 450e6, "cuda": 0.0}
"""Bytes of Python and its libraries, where they share the memory."""
HEAD = {"cpu": 48e6, "cuda": 768e6}
"""Bytes of logits at work: three buffers of what the engine allows."""
MOST_TOKENS = {"cpu": 4096, "cuda": 32768}
"""As in engine/memory.py: more tokens than these in one pass make nothing faster."""
SAMPLED_ROWS = 2000
NF4, INT8 = 0.516, 1.02
"""Bytes of a number: 4 bits and doubly quantised scales; 8 bits and their scales."""


@dataclass(frozen=True)
class Work:
    """What training reads: tokens, those that are predicted, pairs of tokens that attend, and the rest.

    `distinct` tokens are those of one epoch, `validated` those of all validations.
    """

    tokens: float
    distinct: float
    wanted: float
    pairs: float
    validated: float
    longest: int
    tokens_per_step: int
    tokens_per_pass: int | None = None

    @classmethod
    def of(
        cls, train: Sequence[Encoded], validation: Sequence[Encoded], training: Training, rhythm: Rhythm
    ) -> Work:
        """Count the work of a run; of very many rows some are looked at."""
        lengths = _lengths(train)
        some = [train[number] for number in range(0, len(train), max(1, len(train) // SAMPLED_ROWS))]
        share = sum(row.trained for row in some) / max(1, sum(len(row) for row in some))
        tokens = min(sum(lengths) * training.epochs, rhythm.steps * max(training.tokens_per_step, *lengths))
        rounds = tokens / sum(lengths)
        held_out = _lengths(validation)
        return cls(
            tokens=tokens,
            distinct=sum(lengths) * min(1.0, rounds),
            wanted=tokens * share,
            pairs=rounds * sum(length * (length + 1) / 2 for length in lengths),
            validated=sum(held_out) * (1 + ceil(rhythm.steps / rhythm.validate_every)),
            longest=max([*lengths, *held_out]),
            tokens_per_step=training.tokens_per_step,
            tokens_per_pass=training.tokens_per_pass,
        )

    def with_fewer_tokens(self, factor: float) -> Work:
        """Give the same text in a tokenizer that needs this share of the tokens."""
        return replace(
            self,
            tokens=self.tokens * factor,
            distinct=self.distinct * factor,
            wanted=self.wanted * factor,
            pairs=self.pairs * factor**2,
            validated=self.validated * factor,
            longest=max(1, round(self.longest * factor)),
        )


@dataclass(frozen=True)
class Machine:
    """What is trained on: bytes that are free beyond this process, number type of products, ceilings."""

    room: float
    compute: str
    ceilings: Ceilings

    @property
    def device(self) -> str:
        """The processor (`cpu`) or a graphics card (`cuda`)."""
        return self.ceilings.device


@dataclass(frozen=True)
class Estimate:
    """What training would take: bytes at the peak, this process included, seconds, and whether it fits.

    `again`: activations are computed twice so that it fits. `least` is what it takes with all of them
    computed twice, and the longest row alone in its pass unless the recipe says what a pass has.
    """

    fits: bool
    peak: float
    least: float
    seconds: float
    tokens_per_pass: int
    again: bool
    held: Storage


def estimate(shape: Shape, change: Change, work: Work, machine: Machine, held: Storage) -> Estimate:
    """Estimate a training the way the engine would cut it."""
    present = _weights(shape, change, held)
    learning = change.learns * (16 if change.beside else 12) + _copies(shape, change, machine)
    device = machine.device
    fixed = present + learning + HEAD[device] + _gaps(shape, machine)
    plain, twice = _per_token(shape, change, machine), _per_token_twice(shape, change, machine)
    fast = max(work.longest, min(work.tokens_per_step, MOST_TOKENS[device]))
    fitting = (machine.room - fixed) / plain
    tokens = work.tokens_per_pass or round(max(work.longest, min(fast, fitting)))
    again = fitting < tokens
    peak = fixed + tokens * (max(twice, min(plain, (machine.room - fixed) / tokens)) if again else plain)
    least = fixed + tokens_at_least(work) * twice
    seconds = _seconds(shape, change, work, machine) * (4 / 3 if again else 1.0)
    return Estimate(
        fits=least <= machine.room,
        peak=peak + PROCESS[device],
        least=least + PROCESS[device],
        seconds=seconds,
        tokens_per_pass=tokens,
        again=again,
        held=held,
    )


def tokens_at_least(work: Work) -> int:
    """Give the tokens of the smallest pass there can be."""
    return work.tokens_per_pass or work.longest


def answering_bytes(shape: Shape, held: Storage, tokens: int) -> float:
    """Give what a model takes that only answers: its weights, and keys and values of so many tokens."""
    weights = _weights(shape, Change(0, beside=True), held)
    return weights + 8 * shape.depth * shape.key_width * tokens


def kept(shape: Shape, change: Change) -> float:
    """Give the bytes that a layer keeps for each token until the backward pass, in float32.

    Inputs of norms and products, queries, keys, values, what attention gives, and of a feed-forward layer
    what enters and leaves each operation; counted by metering networks of many sizes (engine/memory.py).
    """
    inner = shape.active_experts * shape.inner + shape.shared_inner
    narrow = (4 if change.beside else 6) * shape.width + 2 * shape.query_width + 2 * shape.key_width
    return 4.0 * (narrow + (4 if shape.is_gated else 5) * inner + 7 * change.rank)


def _weights(shape: Shape, change: Change, held: Storage) -> float:
    size = 2.0 if held == "stored" else 4.0
    matrices = shape.numbers(shape.experts)
    if held in get_args(Held):
        return matrices * (NF4 if held == "nf4" else INT8) + size * (shape.parameters - matrices)
    return size * shape.parameters


def _copies(shape: Shape, change: Change, machine: Machine) -> float:
    """Count the copies in 16 bits that products need, and the gradient of a head that learns."""
    is_narrow = machine.compute == "bfloat16"
    if change.beside:
        return 2.0 * (shape.parameters + shape.head) if is_narrow else 0.0
    return 4.0 * shape.head + (2.0 * shape.parameters + 2.0 * shape.head if is_narrow else 0.0)


def _gaps(shape: Shape, machine: Machine) -> float:
    """Count what trials before the first step leave behind: a processor's allocator keeps it."""
    if machine.device == "cuda":
        return 0.0
    most, each = (250e6, 16.0) if machine.compute == "bfloat16" else (100e6, 8.0)
    return min(most, each * shape.parameters)


def _per_token(shape: Shape, change: Change, machine: Machine) -> float:
    """Count bytes of a token in a pass: in all layers, and what a few hold at a time in the backward pass.

    On a processor 16 bits spare little: copies come and go beside what is kept.
    """
    layers = shape.depth if change.layers is None else change.layers
    is_narrow = machine.compute == "bfloat16"
    if machine.device == "cuda":
        return kept(shape, change) * (0.65 if is_narrow else 1.0) * (layers + 1.5) + 24 * shape.width
    held = 0.92 * layers + 1.5 if is_narrow else 1.25 * (layers + 1.5)
    return kept(shape, change) * held + 24 * shape.width


def _per_token_twice(shape: Shape, change: Change, machine: Machine) -> float:
    """Count the same where only what enters a layer is kept, and one layer at a time is held in full."""
    layers = shape.depth if change.layers is None else change.layers
    return kept(shape, change) * 3.5 + 4 * shape.width * (layers + 6)


def _seconds(shape: Shape, change: Change, work: Work, machine: Machine) -> float:
    layers = shape.depth if change.layers is None else change.layers
    below = shape.depth - layers
    each = shape.numbers(shape.active_experts) / shape.depth
    products = 2 if change.beside else 3  # forward, by inputs, by weights
    operations = work.tokens * 2 * products * each * layers + work.distinct * 2 * each * below
    operations += 6 * work.tokens * change.learns if change.rank else 0
    operations += work.wanted * 2 * products * shape.head
    operations += 2 * work.validated * (each * shape.depth + shape.head * work.wanted / work.tokens)
    traffic = work.tokens * layers + (work.distinct * below + work.validated * shape.depth) / 3
    attending = 12 * shape.query_width * layers * work.pairs / ATTENTION[machine.device]
    computing = operations / machine.ceilings.products[machine.compute]
    computing += attending / machine.ceilings.products["float32"]
    moving = TRAFFIC[machine.device] * traffic * kept(shape, change) / machine.ceilings.bandwidth
    return (computing + moving) / 1e9 * change.slower


def _lengths(rows: Sequence[Encoded]) -> list[int]:
    return rows.lengths() if isinstance(rows, Measured) else [row.read for row in rows]
