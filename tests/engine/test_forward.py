import pytest
import torch

from engine_parts import ARCHITECTURES, encoded, naive_logprobs, network_of, random_rows
from tunesmith.core.cards import Encoded, Model
from tunesmith.engine.forward import keeps_rows, logits, logprobs, ranked_first
from tunesmith.engine.passes import passes
from tunesmith.method.lora import LoRA

CPU = torch.device("cpu")
ROWS = random_rows(8, longest=30)


def by_key(rows: list[Encoded]) -> dict[str, Encoded]:
    return {row.key: row for row in rows}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("tokens_per_pass", [1, 70, 1000])
def test_a_padded_pass_gives_what_each_row_gives_alone(architecture: str, tokens_per_pass: int) -> None:
    network, rows = network_of(architecture), by_key(ROWS)
    with torch.no_grad():
        for batch in passes(ROWS, tokens_per_pass, CPU):
            alone = torch.stack([value for key in batch.keys for value in naive_logprobs(network, rows[key])])
            torch.testing.assert_close(logprobs(network, batch).double(), alone, atol=1e-5, rtol=0)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_stands_in_the_padding_changes_nothing(architecture: str) -> None:
    network = network_of(architecture)
    (batch,) = passes(ROWS, 1000, CPU)
    with torch.no_grad():
        before = logprobs(network, batch)
        padding = torch.arange(batch.ids_BT.shape[1]) > _last_wanted(batch.predict_BT)
        assert int(padding.sum()) > 20
        batch.ids_BT[padding] = 299
        torch.testing.assert_close(logprobs(network, batch), before, atol=1e-6, rtol=0)


def _last_wanted(predicts: torch.Tensor) -> torch.Tensor:
    places = torch.arange(predicts.shape[1]).expand_as(predicts)
    return torch.where(predicts, places, -1).amax(1, keepdim=True)


def test_only_wanted_positions_reach_the_head() -> None:
    network = network_of("llama")
    (batch,) = passes(ROWS, 1000, CPU)
    rows: list[int] = []
    network.lm_head.register_forward_hook(
        lambda _module, inputs, _output: rows.append(inputs[0][..., 0].numel())
    )
    logits(network, batch)
    assert rows == [len(batch.targets_R)]
    assert rows[0] < batch.ids_BT.numel() / 2


def test_an_architecture_that_keeps_all_rows_is_told_from_one_that_does_not() -> None:
    kinds = {name: keeps_rows(network_of(name)) for name in ARCHITECTURES}
    assert [name for name, keeps in kinds.items() if not keeps] == ["xlstm"]


def test_an_adapter_keeps_rows_as_its_base_does(tiny_model: Model) -> None:
    assert keeps_rows(LoRA().apply(tiny_model, seed=0).network)


def test_only_trainable_parameters_get_a_gradient_and_it_is_the_right_one() -> None:
    network = network_of("gpt2")
    (batch,) = passes(ROWS, 1000, CPU)
    logprobs(network, batch).sum().backward()
    whole = {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}
    network.zero_grad(set_to_none=True)
    for name, parameter in network.named_parameters():
        parameter.requires_grad_("mlp" in name)
    logprobs(network, batch).sum().backward()
    some = {name: p.grad for name, p in network.named_parameters() if p.grad is not None}
    assert 0 < len(some) < len(whole)
    for name, gradient in some.items():
        torch.testing.assert_close(gradient, whole[name], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("inside", "outside"),
    [(torch.bfloat16, torch.float32), (torch.float32, torch.float32), (torch.float64, torch.float64)],
)
def test_logits_are_widened_to_float32_and_never_narrowed(inside: torch.dtype, outside: torch.dtype) -> None:
    (batch,) = passes(ROWS, 1000, CPU)
    assert logits(network_of("gpt2").to(inside), batch).dtype is outside


def test_tokens_ranked_first_are_counted() -> None:
    scores = torch.tensor([[0.0, 2.0, 1.0], [3.0, 2.0, 1.0], [0.0, 1.0, 9.0]])
    assert ranked_first(scores, torch.tensor([1, 1, 2])) == 2


def test_a_single_wanted_token_gives_a_single_row() -> None:
    (batch,) = passes([encoded([4, 5], [0, 1])], 10, CPU)
    assert logits(network_of("llama"), batch).shape == (1, 300)
