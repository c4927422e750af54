"""Cases are found by name, and every name stands for something."""

import pytest
from benchmarks.case import ON_A_GPU, OTHERS, QUICK, TABLE, Case, choose
from benchmarks.change import CHANGES
from benchmarks.shape import SHAPES
from benchmarks.workload import WORKLOADS

EVERY = (QUICK, *TABLE, *OTHERS, *ON_A_GPU)


@pytest.mark.parametrize("case", EVERY, ids=lambda case: f"{case.name}, {case.device}")
def test_every_name_of_a_case_is_known_and_it_has_a_step_to_time(case: Case) -> None:
    assert case.workload in WORKLOADS
    assert case.shape in SHAPES
    assert case.change in CHANGES
    assert case.steps * case.of[0].epochs >= 2
    assert case.shortened(3).steps * case.of[0].epochs >= 2


def test_no_case_is_there_twice() -> None:
    assert len({(case.name, case.device) for case in EVERY}) == len(EVERY)


def test_the_table_is_measured_unless_something_else_is_asked_for() -> None:
    assert choose(has_gpu=False) == TABLE
    assert choose(has_gpu=True) == ON_A_GPU
    assert choose(has_gpu=False, everything=True) == [*TABLE, *OTHERS]
    assert [case.name for case in choose(has_gpu=False, shape="15m", workload="chat")] == ["chat, 15m, lora"]
    assert choose(has_gpu=False, shape="8b") == []


def test_a_shortened_case_has_the_first_rows_and_few_steps_in_all_epochs_together() -> None:
    short, again = TABLE[0], next(case for case in TABLE if case.of[0].epochs == 5)
    assert short.shortened(3).rows == short.rows[: 3 * short.rows_per_step]
    assert len(again.shortened(3).plans) == 5
    assert short.shortened(10**6).steps == short.steps


@pytest.mark.parametrize("name", ["nano", "15m", "gpt2", "deep"])
def test_a_shape_has_as_many_parameters_as_its_network(name: str) -> None:
    shape = SHAPES[name]
    network = shape.build("meta", "float32")
    matrices = [p.numel() for key, p in network.named_parameters() if p.dim() == 2 and "wpe" not in key]
    assert sum(matrices) == shape.parameters


def test_a_network_is_drawn_the_same_every_time() -> None:
    first, second = (SHAPES["nano"].build("cpu", "float32").state_dict() for _ in range(2))
    assert len(first) > 10
    assert all((first[key] == second[key]).all() for key in first)


@pytest.mark.parametrize(
    ("name", "learns"),
    [("lora", {0, 1}), ("full", {0, 1, None}), ("top-4", {0, 1}), ("head", {None})],
)
def test_only_what_a_change_names_learns(name: str, learns: set[int | None]) -> None:
    network = CHANGES[name].apply(SHAPES["nano"].build("cpu", "float32"))
    names = [key for key, p in network.named_parameters() if p.requires_grad]
    found = {int(key.split(".layers.")[1].split(".")[0]) if ".layers." in key else None for key in names}
    assert found == learns
    assert all("lora" in key for key in names) == CHANGES[name].adapts


def test_the_topmost_layers_are_the_last_ones() -> None:
    network = CHANGES["top-4"].apply(SHAPES["deep"].build("meta", "float32"))
    found = {
        key.split(".layers.")[1].split(".")[0] for key, p in network.named_parameters() if p.requires_grad
    }
    assert found == {"20", "21", "22", "23"}
