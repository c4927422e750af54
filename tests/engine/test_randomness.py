import pytest
import torch

from tunesmith.engine.randomness import draws, random_state, seed_everything, set_random_state


def test_a_seed_decides_what_is_drawn() -> None:
    seed_everything(7)
    first = torch.rand(4)
    seed_everything(7)
    assert torch.equal(torch.rand(4), first)
    seed_everything(8)
    assert not torch.equal(torch.rand(4), first)


def test_a_state_that_is_taken_back_draws_the_same_again() -> None:
    seed_everything(7)
    torch.rand(3)
    state = random_state()
    first = torch.rand(4)
    torch.rand(100)
    set_random_state(state)
    assert torch.equal(torch.rand(4), first)


def test_a_state_does_not_move_on_with_what_is_drawn_after_it() -> None:
    state = random_state()
    before = state["cpu"].clone()
    torch.rand(4)
    assert torch.equal(state["cpu"], before)


def test_whether_something_draws_is_found_out_without_drawing() -> None:
    before = torch.get_rng_state()
    assert draws(lambda: torch.rand(1))
    assert not draws(lambda: torch.ones(1))
    with pytest.raises(ZeroDivisionError):
        draws(lambda: torch.rand(1) / (1 // 0))
    assert torch.equal(torch.get_rng_state(), before)
