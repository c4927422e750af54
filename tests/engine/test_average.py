import pytest
import torch
from torch.nn import Parameter

from tunesmith.core.errors import DamagedFile
from tunesmith.engine.average import Average


def one(value: float) -> dict[str, Parameter]:
    return {"weight": Parameter(torch.full((3,), value))}


def test_it_moves_towards_the_weights_by_one_minus_decay() -> None:
    parameters = one(1.0)
    average = Average(parameters, decay=0.9)
    parameters["weight"].data.fill_(2.0)
    average.follow(step=10_000)
    assert average.tensors()["weight"].tolist() == pytest.approx([1.1] * 3)


def test_early_on_the_beginning_does_not_weigh_more_than_it_should() -> None:
    parameters = one(0.0)
    average = Average(parameters, decay=0.999)
    parameters["weight"].data.fill_(1.0)
    average.follow(step=1)
    assert average.tensors()["weight"].tolist() == pytest.approx([0.9] * 3)


def test_the_network_holds_the_average_for_the_time_of_the_context_only() -> None:
    parameters = one(1.0)
    average = Average(parameters, decay=0.5)
    parameters["weight"].data.fill_(3.0)
    average.follow(step=10_000)
    with average.in_place():
        assert parameters["weight"].tolist() == [2.0] * 3
    assert parameters["weight"].tolist() == [3.0] * 3
    assert average.tensors()["weight"].tolist() == [2.0] * 3


def test_an_error_inside_the_context_does_not_leave_the_average_in_the_network() -> None:
    parameters = one(1.0)
    average = Average(parameters, decay=0.5)
    parameters["weight"].data.fill_(3.0)
    with pytest.raises(ZeroDivisionError), average.in_place():
        _ = 1 / 0
    assert parameters["weight"].tolist() == [3.0] * 3


def test_it_can_stay_for_good() -> None:
    parameters = one(1.0)
    average = Average(parameters, decay=0.5)
    parameters["weight"].data.fill_(3.0)
    average.stay()
    assert parameters["weight"].tolist() == [1.0] * 3


def test_it_survives_to_the_bit_and_refuses_that_of_other_parameters() -> None:
    parameters = one(0.1)
    average = Average(parameters, decay=0.7)
    parameters["weight"].data.fill_(0.3)
    average.follow(1)
    saved = {name: value.clone() for name, value in average.tensors().items()}
    other = Average(one(9.0), decay=0.7)
    other.restore(saved)
    assert torch.equal(other.tensors()["weight"], average.tensors()["weight"])
    with pytest.raises(DamagedFile, match="other parameters"):
        other.restore({"bias": torch.zeros(3)})


def test_its_size_is_that_of_the_weights() -> None:
    assert Average(one(1.0), decay=0.5).bytes() == 12
