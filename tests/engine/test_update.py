import math
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import Parameter

from tunesmith.core.disk import Disk
from tunesmith.core.errors import DamagedFile, NonFinite
from tunesmith.core.recipe import Training
from tunesmith.engine import checkpoint
from tunesmith.engine.update import Updater


def parameters(seed: int = 0, kind: torch.dtype = torch.float32) -> dict[str, Parameter]:
    draw = torch.Generator().manual_seed(seed)
    shapes = {"matrix": (4, 3), "bias": (5,), "other": (2, 6)}
    return {name: Parameter(torch.randn(s, generator=draw).to(kind)) for name, s in shapes.items()}


def gradients(step: int) -> dict[str, Tensor]:
    return {name: value.data * 3 for name, value in parameters(seed=100 + step).items()}


def give_gradients(to: dict[str, Parameter], step: int) -> None:
    for name, gradient in gradients(step).items():
        to[name].grad = gradient.clone()


def bytes_of(values: dict[str, Parameter] | dict[str, Tensor]) -> dict[str, bytes]:
    return {name: value.detach().numpy().tobytes() for name, value in values.items()}


def test_it_is_torchs_adamw_with_torchs_clipping() -> None:
    training = Training(learning_rate=1e-2, schedule="linear", warmup=0.4, weight_decay=0.1, clip_norm=1.0)
    ours, theirs = parameters(), parameters()
    updater = Updater(ours, training, steps=5)
    groups = [
        {"params": [theirs["matrix"], theirs["other"]]},
        {"params": [theirs["bias"]], "weight_decay": 0.0},
    ]
    plain = torch.optim.AdamW(groups, lr=1e-2, weight_decay=0.1, foreach=False, fused=False)
    for step, share in enumerate((1 / 2, 1, 1, 2 / 3, 1 / 3), start=1):
        give_gradients(ours, step)
        give_gradients(theirs, step)
        norm, rate = updater.update(1 / 8, step)
        for parameter in theirs.values():
            assert parameter.grad is not None
            parameter.grad /= 8
        expected = torch.nn.utils.clip_grad_norm_(list(theirs.values()), 1.0)
        for group in plain.param_groups:
            group["lr"] = 1e-2 * share
        plain.step()
        assert norm == pytest.approx(float(expected), rel=1e-6)
        assert norm > 1
        assert rate == pytest.approx(1e-2 * share)
        for name, parameter in ours.items():
            torch.testing.assert_close(parameter, theirs[name], rtol=1e-6, atol=1e-7)


def test_weight_decay_shrinks_matrices_and_leaves_biases_alone() -> None:
    ours = parameters()
    before = {name: p.detach().clone() for name, p in ours.items()}
    updater = Updater(ours, Training(learning_rate=0.1, schedule="constant", warmup=0, weight_decay=0.5), 1)
    for parameter in ours.values():
        parameter.grad = torch.zeros_like(parameter)
    updater.update(1.0, 1)
    torch.testing.assert_close(ours["matrix"].data, before["matrix"] * 0.95)
    assert torch.equal(ours["bias"].data, before["bias"])


def test_the_norm_is_that_of_the_scaled_gradients_before_clipping() -> None:
    ours = {"a": Parameter(torch.zeros(2, 1)), "b": Parameter(torch.zeros(1))}
    ours["a"].grad, ours["b"].grad = torch.tensor([[6.0], [0.0]]), torch.tensor([8.0])
    norm, _ = Updater(ours, Training(learning_rate=2e-4, clip_norm=0.5), 1).update(0.5, 1)
    assert norm == 5.0


@pytest.mark.parametrize(("clip_norm", "kept"), [(None, 5.0), (10.0, 5.0), (1.0, 1.0)])
def test_gradients_above_the_limit_are_shortened_to_it_and_others_left(
    clip_norm: float | None, kept: float
) -> None:
    ours = {"a": Parameter(torch.zeros(2, 1))}
    ours["a"].grad = torch.tensor([[3.0], [4.0]])
    updater = Updater(ours, Training(learning_rate=2e-4, clip_norm=clip_norm), 1)
    updater.update(1.0, 1)
    # After one step AdamW's first moment is (1 - beta1) times the gradient it was given.
    assert float(updater.tensors()["exp_avg/a"].norm()) == pytest.approx(0.1 * kept, rel=1e-5)


def test_gradients_are_gone_after_a_step() -> None:
    ours = parameters()
    give_gradients(ours, 1)
    Updater(ours, Training(learning_rate=2e-4), 1).update(1.0, 1)
    assert [p.grad for p in ours.values()] == [None, None, None]


def test_a_parameter_without_a_gradient_stays_as_it_is() -> None:
    ours = parameters()
    before = bytes_of(ours)["bias"]
    give_gradients(ours, 1)
    ours["bias"].grad = None
    Updater(ours, Training(learning_rate=2e-4), 1).update(1.0, 1)
    assert bytes_of(ours)["bias"] == before


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_gradient_that_is_no_number_is_named_before_anything_changes(bad: float) -> None:
    ours = parameters()
    updater = Updater(ours, Training(learning_rate=2e-4), 3)
    give_gradients(ours, 1)
    updater.update(1.0, 1)
    weights, moments = bytes_of(ours), bytes_of(updater.tensors())
    give_gradients(ours, 2)
    assert ours["other"].grad is not None
    ours["other"].grad[1, 2] = bad
    with pytest.raises(NonFinite, match=r"^step 2: the gradient of other is not finite"):
        updater.update(1.0, 2)
    assert bytes_of(ours) == weights
    assert bytes_of(updater.tensors()) == moments


def test_gradients_too_large_for_a_norm_are_refused_as_well() -> None:
    ours = {"a": Parameter(torch.zeros(2, 2))}
    ours["a"].grad = torch.full((2, 2), 3e38)
    with pytest.raises(NonFinite, match=r"^step 1: the gradient of all parameters together"):
        Updater(ours, Training(learning_rate=2e-4), 1).update(1.0, 1)


def test_its_state_survives_to_the_bit() -> None:
    ours = parameters()
    updater = Updater(ours, Training(learning_rate=2e-4), steps=6)
    for step in (1, 2, 3):
        give_gradients(ours, step)
        updater.update(1.0, step)
    saved = {name: value.clone() for name, value in updater.tensors().items()}
    assert sorted(saved) == sorted(
        f"{kind}/{name}" for kind in ("exp_avg", "exp_avg_sq", "step") for name in ours
    )
    again = {name: Parameter(p.detach().clone()) for name, p in ours.items()}
    restored = Updater(again, Training(learning_rate=2e-4), steps=6)
    restored.restore(saved)
    assert bytes_of(restored.tensors()) == bytes_of(updater.tensors())
    for step in (4, 5, 6):
        for values, who in ((ours, updater), (again, restored)):
            give_gradients(values, step)
            who.update(1.0, step)
        assert bytes_of(again) == bytes_of(ours)


def test_what_was_saved_is_not_changed_by_going_on_from_it() -> None:
    ours = parameters()
    updater = Updater(ours, Training(learning_rate=2e-4), steps=2)
    give_gradients(ours, 1)
    updater.update(1.0, 1)
    saved = {name: value.clone() for name, value in updater.tensors().items()}
    before = bytes_of(saved)
    restored = Updater(ours, Training(learning_rate=2e-4), steps=2)
    restored.restore(saved)
    give_gradients(ours, 2)
    restored.update(1.0, 2)
    assert bytes_of(saved) == before


def test_a_fresh_updater_has_nothing_to_save() -> None:
    assert Updater(parameters(), Training(learning_rate=2e-4), 1).tensors() == {}


def test_the_state_of_other_parameters_is_refused() -> None:
    updater = Updater(parameters(), Training(learning_rate=2e-4), 1)
    with pytest.raises(DamagedFile, match=r"other parameters: \['layer\.9'\]"):
        updater.restore({"exp_avg/layer.9": torch.zeros(3)})


def test_the_state_of_a_parameter_of_another_shape_is_refused() -> None:
    updater = Updater(parameters(), Training(learning_rate=2e-4), 1)
    with pytest.raises(DamagedFile, match=r"exp_avg/bias.*\[7\].*\[5\]"):
        updater.restore({"exp_avg/bias": torch.zeros(7)})


def test_moments_have_the_type_of_their_parameter() -> None:
    ours = parameters(kind=torch.float64)
    for parameter in ours.values():
        parameter.grad = torch.ones_like(parameter)
    updater = Updater(ours, Training(learning_rate=2e-4), 1)
    updater.update(1.0, 1)
    assert updater.tensors()["exp_avg/matrix"].dtype is torch.float64


def test_each_layer_learns_slower_than_the_one_above_it() -> None:
    names = ("embed.weight", "layers.0.q.weight", "layers.1.q.weight", "layers.1.q.bias", "head.weight")
    ours = {
        f"model.{name}": Parameter(torch.ones(2, 2) if "weight" in name else torch.ones(2)) for name in names
    }
    training = Training(learning_rate=1.0, schedule="constant", warmup=0, layer_decay=0.5, clip_norm=None)
    updater = Updater(ours, training, 1)
    for parameter in ours.values():
        parameter.grad = torch.ones_like(parameter)
    updater.update(1.0, 1)
    # AdamW's first step is the learning rate itself, whatever the gradient's size.
    steps = [1 - float(parameter.detach().flatten()[0]) for parameter in ours.values()]
    assert steps == pytest.approx([1 / 8, 1 / 4, 1 / 2, 1 / 2, 1.0], rel=1e-5)


def test_without_layers_in_their_names_all_parameters_learn_alike() -> None:
    updater = Updater(parameters(), Training(learning_rate=2e-4, layer_decay=0.1), 1)
    assert {group["share"] for group in updater.optimizer.param_groups} == {1.0}


def test_moments_of_one_byte_learn_and_survive_to_the_bit() -> None:
    training = Training(learning_rate=1e-2, schedule="constant", warmup=0, optimizer="adamw_8bit")
    draw = torch.Generator().manual_seed(0)
    start = torch.randn(128, 64, generator=draw)
    pushes = [torch.randn(128, 64, generator=draw) for _ in range(6)]

    def walk(weights: Tensor, state: dict[str, Tensor], steps: range) -> tuple[Tensor, dict[str, Tensor]]:
        ours = {"matrix": Parameter(weights.clone())}
        updater = Updater(ours, training, 6)
        updater.restore(state)
        for step in steps:
            ours["matrix"].grad = pushes[step - 1].clone()
            updater.update(1.0, step)
        return ours["matrix"].detach(), {key: value.clone() for key, value in updater.tensors().items()}

    whole, state = walk(start, {}, range(1, 7))
    assert state["state1/matrix"].dtype is torch.uint8
    half, middle = walk(start, {}, range(1, 4))
    again, _ = walk(half, middle, range(4, 7))
    assert torch.equal(again, whole)
    exact = {"matrix": Parameter(start.clone())}
    plain = Updater(exact, training.model_copy(update={"optimizer": "adamw"}), 6)
    for step, push in enumerate(pushes, start=1):
        exact["matrix"].grad = push.clone()
        plain.update(1.0, step)
    exactly = exact["matrix"].detach()
    assert 0 < float((whole - exactly).norm() / (exactly - start).norm()) < 0.05


def test_the_state_of_8_bit_moments_of_many_matrices_is_written_and_taken_back(tmp_path: Path) -> None:
    training = Training(learning_rate=1e-2, schedule="constant", warmup=0, optimizer="adamw_8bit")

    def begin() -> Updater:
        torch.manual_seed(0)
        return Updater({name: Parameter(torch.randn(64, 64)) for name in ("a", "b")}, training, 4)

    def step(updater: Updater, number: int) -> None:
        for place, parameter in enumerate(updater.parameters.values()):
            parameter.grad = torch.full_like(parameter, 0.1 * (place + number))
        updater.update(1.0, number)

    straight, other = begin(), begin()
    for number in (1, 2, 3):
        step(straight, number)
    for number in (1, 2):
        step(other, number)
    saved = checkpoint.save(tmp_path, 2, {"optimizer": other.tensors()}, {}, Disk())
    resumed = begin()
    for name, parameter in resumed.parameters.items():
        parameter.data.copy_(other.parameters[name])
    resumed.restore(checkpoint.tensors_of(saved, "optimizer"))
    step(resumed, 3)
    for name, parameter in resumed.parameters.items():
        assert torch.equal(parameter, straight.parameters[name])


@pytest.mark.parametrize(("optimizer", "bytes_each"), [("adamw", 12), ("adamw_8bit", 6)])
def test_what_learning_takes_is_known_beforehand(optimizer: str, bytes_each: int) -> None:
    updater = Updater(parameters(), Training.model_validate({"optimizer": optimizer}), 1)
    assert updater.bytes() == bytes_each * (12 + 5 + 12)
