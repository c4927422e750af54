"""How well held-out rows are predicted, whatever the batching."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from tunesmith.core.cards import Encoded, Validation
from tunesmith.core.errors import NonFinite, Stopped
from tunesmith.engine.forward import Forward
from tunesmith.engine.meeting import Meeting
from tunesmith.engine.scores import likelihood, widen


def validate(
    forward: Forward,
    rows: Sequence[Encoded],
    tokens_per_pass: int,
    step: int,
    is_asked_to_stop: Callable[[], bool] = lambda: False,
) -> Validation | None:
    """Sum cost and hits over all predicted tokens, divide once: nats per token and share ranked first.

    Gives None if it was asked to stop before the last pass. Raises NonFinite if the loss is not a number:
    such a model is never the best.
    """
    nats, weight, hits, tokens = 0.0, 0.0, 0, 0
    forward.network.eval()
    with torch.no_grad():
        for batch in forward.passes(rows, tokens_per_pass):
            if is_asked_to_stop():
                return None
            logprobs_C, is_first_C = forward.ranked(batch)
            nats -= float((logprobs_C * batch.weights_C).sum(dtype=torch.float64))
            weight += float(batch.weights_C.sum(dtype=torch.float64))
            hits += int(is_first_C.sum())
            tokens += len(logprobs_C)
    if not math.isfinite(nats):
        raise NonFinite(
            f"step {step}: the validation loss is {nats / weight}. The last checkpoint is intact. "
            "A lower training.learning_rate usually helps."
        )
    return Validation(step, nats / weight, hits / tokens, tokens)


def likelihoods(forward: Forward, rows: Sequence[Encoded], tokens_per_pass: int) -> list[tuple[float, int]]:
    """Give for each row, in order, the cost in nats of its wanted tokens and their number."""
    found = [(0.0, 0)] * len(rows)
    forward.network.eval()
    with torch.no_grad():
        for batch in forward.passes(rows, tokens_per_pass):
            costs_C = -forward.logprobs(batch).double()
            for number, part in zip(batch.numbers, costs_C.split(batch.counts), strict=True):
                found[number] = (float(part.sum()), len(part))
    return found


@dataclass(frozen=True)
class Said:
    """What a network says of one row: scores for each thing that is asked, and the cost of what is wanted."""

    scores: Sequence[Sequence[float]]
    nats: float


def said(
    forward: Forward, rows: Sequence[Encoded], tokens_per_pass: int, is_asked_to_stop: Callable[[], bool]
) -> list[Said]:
    """Give for each row, in order, what the network says of it; raises Stopped when asked to stop."""
    found = [Said((), 0.0)] * len(rows)
    forward.network.eval()
    with torch.no_grad():
        for batch in forward.passes(rows, tokens_per_pass):
            if is_asked_to_stop():
                raise Stopped("Stopped while reading the test rows.")
            scores_SK = widen(forward.scores(batch))
            costs_S = -likelihood(scores_SK, batch.targets_S, forward.reading.task).double()
            parts = zip(scores_SK.split(batch.counts), costs_S.split(batch.counts), strict=True)
            for number, (scores, costs) in zip(batch.numbers, parts, strict=True):
                found[number] = Said(scores.tolist(), float(costs.sum()))
    return found


@dataclass(frozen=True)
class Ranked:
    """The place of a row's right text among those of all rows, counted from 1, and what finding it costs."""

    rank: int
    nats: float


def ranked(
    forward: Forward, rows: Sequence[Encoded], tokens_per_pass: int, is_asked_to_stop: Callable[[], bool]
) -> list[Ranked]:
    """Compare the vectors of all rows' texts, and give for each row, in order, the place of the right one.

    Raises Stopped when asked to stop.
    """
    meeting, vectors = Meeting.of(rows), list[torch.Tensor]()
    places: list[int] = []
    forward.network.eval()
    with torch.no_grad():
        for batch in forward.passes(meeting.texts, tokens_per_pass):
            if is_asked_to_stop():
                raise Stopped("Stopped while comparing the test rows.")
            vectors.append(widen(forward.scores(batch)))
            places += batch.numbers
        in_order = torch.tensor(places).argsort().to(vectors[0].device)
        chosen = meeting.choose(torch.cat(vectors)[in_order], forward.reading.task.spread)
    found = zip(chosen.closer_R.tolist(), chosen.logprobs_R.tolist(), strict=True)
    return [Ranked(closer + 1, -logprob) for closer, logprob in found]
