import math

import torch
from torch.distributions import Normal
from torch.nn import functional

from tunesmith.core.task import LANGUAGE, Task
from tunesmith.engine.scores import is_right, likelihood, widen

SCORES = torch.tensor([[0.3, -1.2, 2.0], [1.5, 0.1, -0.4]])
CLASSES, SEVERAL = Task("classes", ("a", "b", "c")), Task("classes", ("a", "b", "c"), several=True)


def test_one_of_many_has_the_log_probability_of_a_softmax() -> None:
    wanted = -functional.cross_entropy(SCORES, torch.tensor([1, 0]), reduction="none")
    assert torch.allclose(likelihood(SCORES, torch.tensor([1, 0]), LANGUAGE), wanted)
    assert torch.allclose(likelihood(SCORES, torch.tensor([[1.0], [0.0]]).double(), CLASSES), wanted)


def test_several_have_the_log_probability_of_all_coins_together() -> None:
    targets = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    wanted = -functional.binary_cross_entropy_with_logits(SCORES, targets, reduction="none").sum(-1)
    assert torch.allclose(likelihood(SCORES, targets, SEVERAL), wanted)


def test_a_number_has_the_density_of_a_normal_distribution_but_for_its_constant() -> None:
    scores, targets = torch.tensor([[0.5], [-2.0]]), torch.tensor([[1.5], [0.0]])
    wanted = Normal(scores, 1.0).log_prob(targets)[:, 0] + math.log(2 * math.pi) / 2
    assert torch.allclose(likelihood(scores, targets, Task("number")), wanted)


def test_a_vector_that_is_read_alone_is_held_against_another() -> None:
    found = likelihood(torch.tensor([[1.0, 3.0], [0.0, 0.0]]), torch.zeros(2, 1), Task("vector"))
    assert found.tolist() == [-2.5, 0.0]


def test_what_is_right_is_the_first_choice_all_classes_or_near_enough() -> None:
    assert is_right(SCORES, torch.tensor([2, 1]), LANGUAGE).tolist() == [True, False]
    both = torch.tensor([[1.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    assert is_right(SCORES, both, SEVERAL).tolist() == [True, False]
    near = torch.tensor([[0.5], [0.51]])
    assert is_right(torch.zeros(2, 1), near, Task("number")).tolist() == [True, False]


def test_short_numbers_are_widened_and_long_ones_kept() -> None:
    assert widen(torch.zeros(1, dtype=torch.bfloat16)).dtype is torch.float32
    assert widen(torch.zeros(1, dtype=torch.float64)).dtype is torch.float64
