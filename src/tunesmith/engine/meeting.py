"""Texts that are told apart from all others of a step, though not all of them fit into memory at once.

The vectors of all texts are computed first, and nothing is kept of how. From them follow the costs, and which
way each vector is to go; then every pass is computed again, from the same random numbers, and takes its
vectors that way (gradient caching: Gao et al., 2021, https://arxiv.org/abs/2101.06983). It is exact, so how
many others a text is told apart from does not depend on memory.

Letters behind names: N texts, R rows, K texts to choose from, D width.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional

from tunesmith.core.cards import Encoded
from tunesmith.engine.passes import Pass
from tunesmith.engine.randomness import random_state, set_random_state
from tunesmith.engine.scores import widen

ROWS_AT_ONCE = 1024
"""Rows that are compared with all texts at once."""
NEVER = -torch.inf
"""The score of a text that would be right as well: it is not among those to choose from."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """How likely the right text of each row is, in nats, and how many others are at least as close: [R]."""

    logprobs_R: Tensor
    closer_R: Tensor


@dataclass(frozen=True)
class Meeting:
    """The texts of some rows: first those that ask, then those that belong to them, then those that do not.

    `owners` says which row each is from, `worth` what it is worth: the texts of a row share its weight.
    """

    texts: tuple[Encoded, ...]
    owners: tuple[int, ...]
    worth: Tensor
    count: int

    @classmethod
    def of(cls, rows: Sequence[Encoded]) -> Meeting:
        """Take the texts of rows apart."""
        parts = [_parts(row) for row in rows]
        places = [(row, part) for part in range(3) for row, found in enumerate(parts) if part < len(found)]
        shares = [row.weights[0] / len(found) for row, found in zip(rows, parts, strict=True)]
        texts = tuple(_text(parts[row][part], shares[row], rows[row].key) for row, part in places)
        owners = tuple(row for row, _ in places)
        return cls(texts, owners, torch.tensor([shares[row] for row in owners]), len(rows))

    def choose(self, vectors_ND: Tensor, spread: float) -> Chosen:
        """Compare each text that asks with all there are to choose from; `spread` is the temperature."""
        unit_ND = functional.normalize(widen(vectors_ND), dim=-1)
        asking_RD, among_KD = unit_ND[: self.count], unit_ND[self.count :]
        found = [
            self._choose(asking_RD, among_KD / spread, start) for start in range(0, self.count, ROWS_AT_ONCE)
        ]
        return Chosen(*(torch.cat(part) for part in zip(*found, strict=True)))

    def _choose(self, asking_RD: Tensor, among_KD: Tensor, start: int) -> tuple[Tensor, Tensor]:
        some = torch.arange(start, min(start + ROWS_AT_ONCE, self.count), device=asking_RD.device)
        scores_RK = asking_RD[some] @ among_KD.t()
        scores_RK = scores_RK.masked_fill(self._right_as_well(some.cpu()).to(scores_RK.device), NEVER)
        right_R = scores_RK.gather(1, some[:, None])
        closer_R = (~(scores_RK < right_R)).sum(-1) - 1  # what is not a number is closer, too
        return right_R[:, 0] - scores_RK.logsumexp(-1), closer_R

    def _right_as_well(self, some: Tensor) -> Tensor:
        """Say which texts would be right, too: the same as a row's own, or asked for by the same text."""
        of_K, by_R = self._named
        by_K = torch.full_like(of_K, -1)
        by_K[: self.count] = by_R
        found = (of_K[some][:, None] == of_K) | (by_R[some][:, None] == by_K)
        found[torch.arange(len(some)), some] = False
        return found

    @cached_property
    def _named(self) -> tuple[Tensor, Tensor]:
        """Numbers that are the same for the same text: of those to choose from, and of those that ask."""
        return _numbered(self.texts[self.count :]), _numbered(self.texts[: self.count])


@dataclass(frozen=True, slots=True)
class Met:
    """What came of the texts of a pass among all: [N] each, or nothing yet where they are all in one pass.

    `slope_ND` is how the weighted costs' sum, negated, changes with each vector; None where nothing learns.
    `random` is what random numbers were drawn from.
    """

    meeting: Meeting
    texts: Tensor
    chosen: Chosen | None = None
    slope_ND: Tensor | None = None
    random: dict[str, Tensor] = field(default_factory=dict[str, Tensor])

    def logprobs(self, vectors: Callable[[], Tensor], spread: float) -> Tensor:
        """Give the log-probability that each text has a share in, [N]; of all texts its gradient is right."""
        if self.chosen is not None and self.slope_ND is None:
            return self.chosen.logprobs_R
        if self.random:
            set_random_state(self.random)
        vectors_ND = widen(vectors())
        if self.chosen is None or self.slope_ND is None:
            together = vectors_ND[self.texts.argsort().to(vectors_ND.device)]
            owners = torch.tensor(self.meeting.owners)[self.texts].to(vectors_ND.device)
            return self.meeting.choose(together, spread).logprobs_R[owners]
        worth_N = self.meeting.worth[self.texts].to(vectors_ND.device)
        pull_N = (vectors_ND * self.slope_ND).sum(-1) / worth_N
        return self.chosen.logprobs_R + (pull_N - pull_N.detach())


def meets(rows: Sequence[Encoded]) -> bool:
    """Do the rows hold texts that belong together? One alone is only read."""
    return any(row.source for row in rows)


def met(
    rows: Sequence[Encoded],
    cut: Callable[[Sequence[Encoded]], Iterable[Pass]],
    vectors: Callable[[Pass], Tensor],
    spread: float,
) -> Iterator[Pass]:
    """Give passes of single texts that know what came of them among all; `numbers` are of their rows."""
    meeting = Meeting.of(rows)
    passes = list(cut(meeting.texts))
    places = [torch.tensor(batch.numbers) for batch in passes]
    learns = torch.is_grad_enabled()
    if learns and len(passes) == 1:
        yield _of_rows(passes[0], Met(meeting, places[0]))
        return
    states: list[dict[str, Tensor]] = []
    found: list[Tensor] = []
    for batch in passes:
        states.append(random_state() if learns else {})
        with torch.no_grad():
            found.append(widen(vectors(batch)))
    vectors_ND = torch.cat(found)[torch.cat(places).argsort().to(found[0].device)]
    chosen, slope_ND = (
        _slope(meeting, vectors_ND, spread) if learns else (meeting.choose(vectors_ND, spread), None)
    )
    owners = torch.tensor(meeting.owners)
    for batch, place, random in zip(passes, places, states, strict=True):
        mine, here = owners[place].to(vectors_ND.device), place.to(vectors_ND.device)
        of_texts = Chosen(chosen.logprobs_R[mine], chosen.closer_R[mine])
        slope = None if slope_ND is None else slope_ND[here]
        yield _of_rows(batch, Met(meeting, place, of_texts, slope, random))


def _slope(meeting: Meeting, vectors_ND: Tensor, spread: float) -> tuple[Chosen, Tensor]:
    leaves_ND = vectors_ND.detach().requires_grad_()
    chosen = meeting.choose(leaves_ND, spread)
    owners = torch.tensor(meeting.owners, device=vectors_ND.device)
    worth = meeting.worth.to(vectors_ND.device)
    (slope_ND,) = torch.autograd.grad((chosen.logprobs_R[owners] * worth).sum(), leaves_ND)
    return Chosen(chosen.logprobs_R.detach(), chosen.closer_R), slope_ND


def _of_rows(batch: Pass, found: Met) -> Pass:
    return replace(batch, met=found, numbers=tuple(found.meeting.owners[text] for text in batch.numbers))


def _parts(row: Encoded) -> list[array[int]]:
    parts = [row.ids, row.source[: row.second], row.source[row.second :]]
    return parts if row.second else [row.ids, row.source]


def _text(ids: array[int], worth: float, key: str) -> Encoded:
    weights = array("f", [worth]) + array("f", [0.0]) * (len(ids) - 1)
    return Encoded(ids, weights, key, targets=array("d", [1.0]))


def _numbered(texts: Sequence[Encoded]) -> Tensor:
    known: dict[bytes, int] = {}
    return torch.tensor([known.setdefault(text.ids.tobytes(), len(known)) for text in texts])
