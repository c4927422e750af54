import pytest
import torch

from tunesmith.engine.precision import Precision, choose, decide, gemm_speed

CPU = torch.device("cpu")


@pytest.mark.parametrize("name", ["float32", "bfloat16"])
def test_a_named_type_is_taken_without_measuring(name: str) -> None:
    chosen = choose(name, CPU)  # type: ignore[arg-type]
    assert chosen == Precision(getattr(torch, name), {})
    assert chosen.describe() == f"products in {name}"


def test_auto_measures_both_and_says_so() -> None:
    chosen = choose("auto", CPU)
    assert chosen.speeds.keys() == {"float32", "bfloat16"}
    assert all(speed > 0 for speed in chosen.speeds.values())
    assert chosen.compute is decide(chosen.speeds)
    assert "GFLOP/s measured: float32" in chosen.describe()


@pytest.mark.parametrize(
    ("coarse", "chosen"),
    [(24.0, torch.float32), (149.0, torch.float32), (150.0, torch.bfloat16), (800.0, torch.bfloat16)],
)
def test_bfloat16_is_chosen_only_where_it_is_clearly_faster(coarse: float, chosen: torch.dtype) -> None:
    assert decide({"float32": 100.0, "bfloat16": coarse}) is chosen


def test_what_was_decided_survives_writing_and_reading() -> None:
    chosen = Precision(torch.bfloat16, {"float32": 1.0, "bfloat16": 2.0})
    assert Precision.from_json(chosen.to_json()) == chosen


def test_a_speed_is_a_speed() -> None:
    assert 0.01 < gemm_speed(torch.float32, CPU, repetitions=1) < 1e6
