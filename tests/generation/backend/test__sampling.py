"""Samples follow the model's distribution, and top_p keeps exactly the nucleus."""

import pytest
import torch

from tunesmith.core.cards import Decoding
from tunesmith.generation.backend._sampling import Sampling

PROBABILITIES = torch.tensor([0.5, 0.25, 0.15, 0.1])
DRAWS = 4000


def shares(decoding: Decoding) -> torch.Tensor:
    """Draw often and count: rows are answers, each with randomness of its own."""
    sampling = Sampling(decoding, list(range(DRAWS)), "cpu")
    chosen = sampling(torch.empty(0), PROBABILITIES.log().expand(DRAWS, -1)).argmax(-1)
    return torch.bincount(chosen, minlength=4) / DRAWS


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_tokens_are_drawn_as_often_as_they_are_likely(temperature: float) -> None:
    expected = (PROBABILITIES.log() / temperature).softmax(-1)
    found = shares(Decoding(temperature=temperature, seed=0))
    four_sigmas = 4 * (expected * (1 - expected) / DRAWS).sqrt()
    assert ((found - expected).abs() < four_sigmas).all()


@pytest.mark.parametrize(("top_p", "kept"), [(0.4, 1), (0.6, 2), (0.8, 3), (0.95, 4)])
def test_top_p_keeps_the_fewest_tokens_that_reach_it(top_p: float, kept: int) -> None:
    found = shares(Decoding(temperature=1.0, top_p=top_p, seed=0))
    assert (found > 0).tolist() == [True] * kept + [False] * (4 - kept)


def test_the_lowest_temperature_takes_the_likeliest_token() -> None:
    assert shares(Decoding(temperature=1e-300, seed=0)).tolist() == [1, 0, 0, 0]


def test_top_p_does_not_mind_the_order_of_the_tokens() -> None:
    sampling = Sampling(Decoding(temperature=1.0, top_p=0.6, seed=0), [0], "cpu")
    (scores,) = sampling(torch.empty(0), PROBABILITIES[[3, 1, 2, 0]].log()[None])
    assert scores.isfinite().tolist() == [False, True, False, True]


def test_an_answer_s_randomness_follows_from_seed_and_position_alone() -> None:
    scores = torch.zeros(2, 50)
    decoding = Decoding(temperature=1.0, seed=3)
    together = Sampling(decoding, [4, 9], "cpu")(torch.empty(0), scores)
    alone = Sampling(decoding, [9], "cpu")(torch.empty(0), scores[:1])
    assert torch.equal(together[1], alone[0])
    assert not torch.equal(together[0], together[1])
