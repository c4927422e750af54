"""Every method at its start: the base answers as it did, and the seed alone decides what is random."""

import pytest
import torch
from torch import Tensor

from method_cases import NAMES, REFUSED, each_taken
from method_trials import FOUR, Folders, Trial, near, outputs
from tunesmith.core.task import Task

ELSEWHERE = {"prompt", "p_tuning", "prefix", "scratch", "features"}
"""Methods that do not start as the base: vectors stand before the text, all is drawn anew, or the head is."""
ROUNDED = {"pissa"}
"""Methods that take the weights apart: together they are the same up to rounding."""
FIXED = {"bitfit", "freeze", "full", "ia3", "layer_norm", "oft"}
"""Methods that draw nothing."""
TAKING_PLACES = {"prompt", "p_tuning", "prefix"}
"""Methods whose vectors take places of the context."""

each = pytest.mark.parametrize("name", NAMES)


def first(name: str, folders: Folders) -> Trial:
    """Try a method on the first base that it does not refuse."""
    case = next((architecture, task) for architecture, task in FOUR if (architecture, name) not in REFUSED)
    return Trial.of(name, folders[case[0]], case[1])


@each_taken(*FOUR)
def test_nothing_changes_before_the_first_step(
    name: str, folders: Folders, architecture: str, task: Task
) -> None:
    trial = Trial.of(name, folders[architecture], task)
    before, after = outputs(trial.base()), outputs(trial.start())
    assert near(after, before) == (name not in ELSEWHERE)
    assert torch.equal(after, before) or name in ELSEWHERE | ROUNDED


@each
def test_the_seed_alone_decides_the_start_and_nothing_random_afterwards(name: str, folders: Folders) -> None:
    trial = first(name, folders)
    starts: list[dict[str, Tensor]] = []
    for seed in (1, 1, 2):
        base = trial.base()
        torch.manual_seed(len(starts))
        expected = torch.rand(2)
        torch.manual_seed(len(starts))
        starts.append(trial.method.apply(base, seed).network.state_dict())
        assert torch.equal(torch.rand(2), expected)
    one, again, other = starts
    assert one.keys() == again.keys() == other.keys()
    assert all(torch.equal(one[key], again[key]) for key in one)
    assert all(torch.equal(one[key], other[key]) for key in one) == (name in FIXED)


@each
def test_only_vectors_before_the_text_take_places_of_the_context(name: str, folders: Folders) -> None:
    trial = first(name, folders)
    assert trial.start().context == trial.base().context - trial.method.room
    assert (trial.method.room > 0) == (name in TAKING_PLACES)
