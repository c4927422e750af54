"""How well held-out rows are predicted, whatever the batching."""

from collections.abc import Iterator, Sequence

import torch
from torch.nn import functional

from tunesmith.core.cards import Encoded, Model, Validation
from tunesmith.core.errors import NonFinite
from tunesmith.engine.forward import logits, ranked_first
from tunesmith.engine.passes import passes


def validate(model: Model, rows: Sequence[Encoded], tokens_per_pass: int, step: int) -> Validation:
    """Sum cost and hits over all predicted tokens, divide once: nats per token and share ranked first.

    Raises NonFinite if the loss is not a number: such a model is never the best.
    """
    nats, weight, hits, tokens = 0.0, 0.0, 0, 0
    model.network.eval()
    with torch.inference_mode():
        for batch in passes(rows, tokens_per_pass, model.network.device):
            scores = logits(model.network, batch)
            cost = functional.cross_entropy(scores, batch.targets_R, reduction="none")
            nats += float((cost * batch.weights_R).sum(dtype=torch.float64))
            weight += float(batch.weights_R.sum())
            hits += ranked_first(scores, batch.targets_R)
            tokens += len(batch.targets_R)
    if not torch.isfinite(torch.tensor(nats)):
        raise NonFinite(
            f"step {step}: the validation loss is {nats / weight}. The last checkpoint is intact."
        )
    return Validation(step, nats / weight, hits / tokens, tokens)


def likelihoods(model: Model, rows: Sequence[Encoded]) -> Iterator[tuple[float, int]]:
    """Give for each row, in order, the cost in nats of its wanted tokens and their number."""
    model.network.eval()
    with torch.inference_mode():
        for row in rows:
            (batch,) = passes([row], len(row), model.network.device)
            cost = functional.cross_entropy(logits(model.network, batch), batch.targets_R, reduction="none")
            yield float(cost.sum(dtype=torch.float64)), len(batch.targets_R)
