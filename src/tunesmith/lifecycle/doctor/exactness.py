"""What must be equal on every machine, tried on this one with small random networks.

Bounds are what rounding in float32 may change, with room for other orders of adding up; a row that saw a
wrong token would be thousands of times beyond them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from math import hypot
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tunesmith.core.cards import Decoding, Encoded, Model, Step
from tunesmith.core.recipe import Training
from tunesmith.lifecycle.doctor.small_networks import CONTEXT, NETWORKS, build, rows

if TYPE_CHECKING:
    from torch import Tensor

    from tunesmith.engine.forward import Forward
    from tunesmith.engine.update import Updater

LOGPROB_BOUND = 1e-4
"""Nats."""
RELATIVE_BOUND = 1e-3
"""Of a gradient, a loss or a norm of gradients, relative to its size."""
WHOLE = 10_000
PIECES = 60
"""Tokens of a pass: more than all rows have, and so few that a step is cut into many."""
STEPS = 4
TOKENS_PER_STEP = 200
_TRAINING = Training(learning_rate=1e-3, warmup=0.25)
_PROMPTS = (7, 31, 12, 3, 24)
_DECODING = Decoding(max_tokens=12)


@dataclass(frozen=True)
class Invariant:
    """Two things that must be equal, tried with one network: how far they are apart, and how far they may be.

    `note` says what kept it from being tried.
    """

    claim: str
    network: str
    difference: float
    bound: float
    note: str = ""

    @property
    def holds(self) -> bool:
        """Are they equal? What is not a number is not."""
        return self.difference <= self.bound

    def describe(self) -> str:
        """Say in a line whether it holds, and what was measured."""
        said = self.note or f"difference {self.difference:.1e}, at most {self.bound:.0e}"
        return f"{'holds' if self.holds else 'FAILS'}  {self.network:<15}  {self.claim}: {said}"


def exactness(networks: Sequence[str] = NETWORKS) -> Iterator[Invariant]:
    """Try every invariant with every network, and give each as it is known."""
    for network in networks:
        for attempt in _ATTEMPTS:
            try:
                yield from attempt(network)
            except Exception as error:  # whatever goes wrong on this machine is what was asked for
                note = f"{type(error).__name__}: {error}".splitlines()[0]
                yield Invariant(_CLAIMS[attempt], network, float("inf"), 0.0, note)


def packing(network: str) -> Iterator[Invariant]:
    """Hold rows in one pass, with all levers that the engine chose, against each row alone."""
    import torch

    from tunesmith.engine.fit import fit

    model, given = build(network), rows()
    with fit(model.network) as forward:
        together = _logprobs(forward, given)
        gradients = _gradients(model, lambda: _loss(forward, given))
    with torch.no_grad():
        alone = torch.cat([_alone(model, row) for row in given])
    one_by_one = _gradients(model, lambda: sum(_cost(_alone(model, row), row) for row in given))
    claim = _CLAIMS[packing]
    apart = float((together - alone).abs().max())
    yield Invariant(f"{claim}, log-probabilities", network, apart, LOGPROB_BOUND)
    yield Invariant(f"{claim}, gradients", network, _distance(gradients, one_by_one), RELATIVE_BOUND)


def accumulation(network: str) -> Iterator[Invariant]:
    """Hold steps that are cut into passes against the same steps in one pass each."""
    whole, cut = (_Run(network, tokens).go_on(STEPS) for tokens in (WHOLE, PIECES))
    pairs = [(one.loss, other.loss) for one, other in zip(whole, cut, strict=True)]
    pairs += [(one.gradient_norm, other.gradient_norm) for one, other in zip(whole, cut, strict=True)]
    apart = max(abs(one - other) / abs(one) for one, other in pairs)
    yield Invariant(_CLAIMS[accumulation], network, apart, RELATIVE_BOUND)


def going_on(network: str) -> Iterator[Invariant]:
    """Count the tensors that differ in any bit after a stop, a checkpoint, and the steps that were left."""
    import torch

    straight, first, second = (_Run(network, PIECES) for _ in range(3))
    straight.go_on(STEPS)
    first.go_on(STEPS // 2)
    with TemporaryDirectory() as folder:
        first.save(Path(folder))
        torch.rand(100)  # what another process does to its own random numbers
        second.restore(Path(folder))
    second.go_on(STEPS)
    ours, theirs = second.state(), straight.state()
    differing = sum(not torch.equal(ours[name], theirs[name]) for name in theirs)
    yield Invariant(_CLAIMS[going_on], network, differing if ours.keys() == theirs.keys() else len(ours), 0.0)


def answering(network: str) -> Iterator[Invariant]:
    """Count the answers that differ when they are generated side by side."""
    from tunesmith.generation.backend.local import Local

    model = build(network)
    longest = max(rows(), key=len).ids
    prompts = [list(longest[:size]) for size in _PROMPTS]
    assert max(_PROMPTS) + _DECODING.max_tokens < CONTEXT
    together = Local().generate(model, prompts, _DECODING)
    alone = [Local().generate(model, [prompt], _DECODING)[0] for prompt in prompts]
    differing = sum(one != other for one, other in zip(together, alone, strict=True))
    yield Invariant(_CLAIMS[answering], network, differing, 0.0)


_CLAIMS: Mapping[Callable[[str], Iterator[Invariant]], str] = {
    packing: "rows packed together are rows one at a time",
    accumulation: "a step in many passes is the step in one",
    going_on: "a run that goes on from a checkpoint is one that never stopped, to the bit",
    answering: "answers generated side by side are answers generated alone",
}
_ATTEMPTS = tuple(_CLAIMS)


class _Run:
    """Training in memory, as a fresh process would begin it."""

    def __init__(self, network: str, tokens_per_pass: int) -> None:
        from tunesmith.engine.randomness import seed_everything
        from tunesmith.engine.update import Updater

        self.model = build(network)
        self.tokens_per_pass = tokens_per_pass
        self.updater: Updater = Updater(_learning(self.model), _TRAINING, STEPS)
        self.done = 0
        seed_everything(7)

    def go_on(self, until: int) -> list[Step]:
        from tunesmith.engine.fit import fit
        from tunesmith.engine.loop import Budget, train
        from tunesmith.engine.order import plans
        from tunesmith.objective.sft import SFT

        every = plans(rows(), seed=7, epochs=STEPS, tokens_per_step=TOKENS_PER_STEP)
        ahead = islice(every, self.done, until)
        with fit(self.model.network) as forward:
            steps = list(train(forward, SFT(), ahead, self.updater, Budget(self.tokens_per_pass)))
        assert len(steps) == until - self.done
        self.done = until
        return steps

    def save(self, folder: Path) -> None:
        from tunesmith.core.disk import Disk
        from tunesmith.engine import checkpoint as checkpoints
        from tunesmith.engine.randomness import random_state

        tensors: dict[str, dict[str, Tensor]] = {
            "weights": {name: parameter.data for name, parameter in _learning(self.model).items()},
            "optimizer": self.updater.tensors(),
            "random": random_state(),
        }
        checkpoints.save(folder, self.done, tensors, {"step": self.done}, Disk())

    def restore(self, folder: Path) -> None:
        from tunesmith.engine import checkpoint as checkpoints
        from tunesmith.engine.randomness import set_random_state
        from tunesmith.lifecycle.train import restore_weights

        saved, _ = checkpoints.newest(folder)
        assert saved is not None
        restore_weights(self.model, saved)
        self.updater.restore(checkpoints.tensors_of(saved, "optimizer"))
        set_random_state(checkpoints.tensors_of(saved, "random"))
        self.done = saved.step

    def state(self) -> dict[str, Tensor]:
        weights = {name: parameter.data for name, parameter in self.model.network.named_parameters()}
        return {**weights, **self.updater.tensors()}


def _learning(model: Model) -> dict[str, Any]:
    return {name: p for name, p in model.network.named_parameters() if p.requires_grad}


def _logprobs(forward: Forward, given: Sequence[Encoded]) -> Tensor:
    """Give the log-probabilities of all wanted tokens in the order of the rows."""
    import torch

    found: dict[int, Tensor] = {}
    with torch.no_grad():
        for batch in forward.passes(given, WHOLE):
            ends = list(accumulate(batch.counts))
            parts = forward.logprobs(batch).tensor_split(ends[:-1])
            found |= dict(zip(batch.numbers, parts, strict=True))
    return torch.cat([found[number] for number in sorted(found)])


def _loss(forward: Forward, given: Sequence[Encoded]) -> Any:
    return sum(-(forward.logprobs(batch) * batch.weights_C).sum() for batch in forward.passes(given, WHOLE))


def _alone(model: Model, row: Encoded) -> Tensor:
    """Give the log-probabilities of a row as plain transformers computes them: no engine, all logits."""
    import torch

    network: Any = model.network
    ids = torch.tensor([list(row.ids)], device=network.device)
    scores = network(input_ids=ids, use_cache=False).logits[0].log_softmax(-1)
    wanted = [place for place, weight in enumerate(row.weights) if weight]
    return scores[[place - 1 for place in wanted], ids[0, wanted]]


def _cost(logprobs: Tensor, row: Encoded) -> Any:
    return -(logprobs * logprobs.new_tensor([weight for weight in row.weights if weight])).sum()


def _gradients(model: Model, loss: Callable[[], Any]) -> dict[str, Tensor]:
    model.network.zero_grad(set_to_none=True)
    loss().backward()
    return {name: p.grad.clone() for name, p in _learning(model).items() if p.grad is not None}


def _distance(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> float:
    """Give the largest difference of a gradient relative to its size, or to a hundredth of all of them.

    What is nothing but rounding, such as the gradient of a key's bias, has no size of its own.
    """
    if ours.keys() != theirs.keys():
        return float("inf")
    sizes = {name: _size(gradient) for name, gradient in theirs.items()}
    least = hypot(*sizes.values()) / 100
    return max(_size(ours[name] - gradient) / max(sizes[name], least) for name, gradient in theirs.items())


def _size(gradient: Tensor) -> float:
    return float(gradient.square().sum().sqrt())
