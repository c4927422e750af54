import pytest
import torch

from tunesmith.core.cards import Loss
from tunesmith.core.contracts import Objective
from tunesmith.objective._cross_entropy import cross_entropy
from tunesmith.objective.sft import SFT
from tunesmith.objective.text import Text


def test_it_is_torchs_own_where_all_weights_are_one() -> None:
    logits = torch.randn(5, 11, generator=torch.Generator().manual_seed(3))
    targets = torch.tensor([0, 3, 10, 7, 7])
    logprobs = logits.log_softmax(-1).gather(1, targets[:, None]).squeeze(1)
    expected = torch.nn.functional.cross_entropy(logits, targets, reduction="sum")
    loss = cross_entropy(logprobs, torch.ones(5))
    assert float(loss.detached().total) == pytest.approx(float(expected), rel=1e-6)
    assert loss.weight == 5


def test_weights_count_and_the_gradient_flows() -> None:
    logprobs = torch.tensor([-1.0, -2.0, -4.0], requires_grad=True)
    loss = cross_entropy(logprobs, torch.tensor([1.0, 0.0, 0.5]))
    assert loss.detached() == Loss(3.0, 1.5)
    loss.total.backward()  # type: ignore[union-attr]
    assert logprobs.grad is not None
    assert logprobs.grad.tolist() == [-1.0, 0.0, -0.5]


@pytest.mark.parametrize("objective", [SFT(), Text()])
def test_it_is_what_answers_and_raw_text_cost(objective: Objective) -> None:
    rows = torch.tensor([-1.0, -2.0]), torch.tensor([1.0, 0.5])
    assert objective.loss(*rows).detached() == cross_entropy(*rows).detached() == Loss(2.0, 1.5)
