import math

import numpy as np
import pytest
import torch
from torch import Tensor

from tunesmith.memory._mixture import Observed, Tuned, mixed, of_target, of_vocabulary, tune


def drawn(states: int = 40, most: int = 6, vocabulary: int = 9) -> tuple[Tensor, Tensor, Tensor]:
    """Draw squared distances, tokens and targets."""
    squared = torch.rand(states, most, dtype=torch.float64) * 30
    return squared, torch.randint(vocabulary, (states, most)), torch.randint(vocabulary, (states,))


def naive(squared: Tensor, tokens: Tensor, temperature: float, vocabulary: int) -> list[list[float]]:
    """Give shares of the votes, one neighbour at a time."""
    shares = []
    for near, said in zip(squared.tolist(), tokens.tolist(), strict=True):
        votes = [math.exp(-distance / temperature) for distance in near]
        row = [0.0] * vocabulary
        for vote, token in zip(votes, said, strict=True):
            row[token] += vote / sum(votes)
        shares.append(row)
    return shares


def observed(seed: int = 0) -> Observed:
    torch.manual_seed(seed)
    squared, _, _ = drawn(200)
    agrees = torch.rand(200, 6) < (-squared / 8).exp()  # the nearer, the likelier it is right
    logprobs, worth = torch.rand(2, 200, dtype=torch.float64)
    return Observed(squared, agrees, logprobs.log(), worth)


def cost(seen: Observed, weight: float, temperature: float) -> float:
    remembered = of_target(seen.squared, seen.agrees, temperature)
    likelihood = (1 - weight) * seen.logprobs.exp() + weight * remembered.exp()
    return float(-(likelihood.log() * seen.worth).sum() / seen.worth.sum())


@pytest.mark.parametrize("temperature", [0.5, 10.0, 1000.0])
def test_votes_are_counted_as_in_the_formula(temperature: float) -> None:
    squared, tokens, targets = drawn()
    expected = np.array(naive(squared, tokens, temperature, 9))
    whole = of_vocabulary(squared, tokens, temperature, 9).exp()
    target = of_target(squared, tokens == targets[:, None], temperature).exp()
    assert whole.numpy() == pytest.approx(expected, rel=1e-12, abs=1e-300)
    assert target.tolist() == pytest.approx(whole.gather(1, targets[:, None])[:, 0].tolist(), rel=1e-12)


def test_far_neighbours_vote_where_all_are_far() -> None:
    squared = torch.tensor([[1e6, 1e6 + 1.0]], dtype=torch.float64)
    agrees = torch.tensor([[True, False]])
    assert float(of_target(squared, agrees, 1.0).exp()) == pytest.approx(1 / (1 + math.exp(-1)), rel=1e-9)


@pytest.mark.parametrize("weight", [0.001, 0.3, 0.999])
def test_probabilities_are_mixed_as_in_the_formula(weight: float) -> None:
    model, remembered = torch.rand(2, 50, dtype=torch.float64)
    expected = ((1 - weight) * model + weight * remembered).log()
    assert mixed(model.log(), remembered.log(), weight).tolist() == pytest.approx(
        expected.tolist(), rel=1e-12
    )


def test_mixed_probabilities_of_all_tokens_add_up_to_one() -> None:
    squared, tokens, _ = drawn()
    logprobs = torch.randn(40, 9, dtype=torch.float64).log_softmax(-1)
    whole = mixed(logprobs, of_vocabulary(squared, tokens, 3.0, 9), 0.4).exp().sum(-1)
    assert whole.tolist() == pytest.approx([1.0] * 40, rel=1e-12)


def test_weight_zero_and_no_neighbours_leave_the_model_alone() -> None:
    logprobs = torch.rand(2).log()
    assert mixed(logprobs, torch.tensor([-1.0, -2.0]), 0.0) is logprobs
    nobody = torch.tensor([[math.inf, math.inf], [1.0, 2.0]])
    remembered = of_target(nobody, torch.tensor([[False, False], [True, False]]), 1.0)
    found = mixed(logprobs, remembered, 0.5)
    assert found[0] == logprobs[0]
    assert found[1] != logprobs[1]
    assert found.isfinite().all()
    tokens = torch.zeros(2, 2, dtype=torch.int64)
    assert of_vocabulary(nobody, tokens, 1.0, 3)[0].isnan().all()


@pytest.mark.parametrize("seed", range(5))
def test_no_weight_costs_less_than_the_tuned_one(seed: int) -> None:
    seen = observed(seed)
    found = tune(seen, None, 5.0)
    grid = [cost(seen, weight, 5.0) for weight in np.linspace(0, 0.999, 400)]
    assert found.temperature == 5.0
    assert found.loss <= min(grid) + 1e-12
    assert found.loss == pytest.approx(cost(seen, found.weight, 5.0), rel=1e-12)
    assert found.without == pytest.approx(cost(seen, 0.0, 5.0), rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_hardly_a_temperature_costs_less_than_the_tuned_one(seed: int) -> None:
    seen, temperatures = observed(seed), [float(each) for each in np.geomspace(0.5, 200, 300)]
    assert tune(seen, None, None).loss <= min(tune(seen, None, each).loss for each in temperatures) + 1e-4
    fixed = tune(seen, 0.2, None)
    assert fixed.weight == 0.2
    assert fixed.loss <= min(cost(seen, 0.2, each) for each in temperatures) + 1e-4


def test_neighbours_that_are_always_wrong_get_no_weight() -> None:
    seen = observed()
    wrong = Observed(seen.squared, torch.zeros_like(seen.agrees), seen.logprobs, seen.worth)
    found = tune(wrong, None, None)
    assert (found.weight, found.loss) == (0.0, found.without)


def test_neighbours_that_are_always_right_get_most_of_the_weight() -> None:
    seen = observed()
    right = Observed(seen.squared, torch.ones_like(seen.agrees), seen.logprobs - 800, seen.worth)
    assert tune(right, None, None).weight == pytest.approx(0.999)


def test_states_without_neighbours_and_equal_states_can_be_tuned_on() -> None:
    seen = observed()
    alone = seen.squared.clone()
    alone[:20] = math.inf
    tuned = [
        tune(Observed(each, seen.agrees, seen.logprobs, seen.worth), None, None)
        for each in (alone, torch.zeros_like(alone))
    ]
    assert all(isinstance(each, Tuned) and each.loss <= each.without for each in tuned)
