from dataclasses import replace

import pytest
import torch
from torch import Tensor
from transformers import PreTrainedModel

from engine_parts import branching_rows, encoded, naive_logprobs
from tiny_networks import ARCHITECTURES, OWN_LOGITS, PADDED, Products, network_of, with_adapter
from tunesmith.core.cards import Encoded
from tunesmith.engine.fit import fit, pulled
from tunesmith.engine.forward import PLAIN, Forward, Levers
from tunesmith.engine.passes import Packing, Pass

ROWS = branching_rows()
WORDS = 300


def by_row(values: Tensor, batch: Pass) -> dict[int, Tensor]:
    return dict(zip(batch.numbers, values.split(batch.counts), strict=True))


def whole(forward: Forward, rows: list[Encoded] = ROWS) -> Pass:
    (batch,) = forward.passes(rows, 10_000)
    return batch


def logits_of(network: PreTrainedModel, row: Encoded) -> Tensor:
    with torch.no_grad():
        return network(input_ids=torch.tensor([list(row.ids)]), use_cache=False).logits[0]


def known_by_heart(network: PreTrainedModel, row: Encoded) -> Encoded:
    """Give a row whose last wanted token is the one that the network finds likeliest."""
    last = max(place for place, weight in enumerate(row.weights) if weight)
    ids = row.ids[: last + 1]
    ids[last] = int(logits_of(network, row)[last - 1].argmax())
    return replace(row, ids=ids, weights=row.weights[: last + 1])


def cost(forward: Forward) -> Tensor:
    batch = whole(forward)
    return (-forward.logprobs(batch) * batch.weights_C).sum()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("own_head", [True, False])
def test_the_likeliest_of_all_tokens_are_told_and_log_probabilities_with_them(
    architecture: str, own_head: bool
) -> None:
    network = network_of(architecture)
    packing: Packing = "padded" if architecture in PADDED else "forest"
    rows = [known_by_heart(network, row) if number % 2 else row for number, row in enumerate(ROWS)]
    with pulled(network, Levers(packing, own_head and architecture not in OWN_LOGITS)) as forward:
        batch = whole(forward, rows)
        logprobs, is_first = (by_row(values, batch) for values in forward.ranked(batch))
    assert sum(bool(part[-1]) for part in is_first.values()) >= len(ROWS) // 2
    for number, row in enumerate(rows):
        wanted = [place for place, weight in enumerate(row.weights) if weight]
        best = logits_of(network, row).argmax(-1)
        assert is_first[number].tolist() == [best[place - 1] == row.ids[place] for place in wanted]
        alone = torch.stack(naive_logprobs(network, row))
        torch.testing.assert_close(logprobs[number].double(), alone, atol=1e-5, rtol=0)


@pytest.mark.parametrize("levers", [Levers(), PLAIN], ids=["fast", "plain"])
def test_to_rank_needs_no_gradient(levers: Levers) -> None:
    with pulled(network_of("llama"), levers) as forward:
        logprobs, _ = forward.ranked(whole(forward))
    assert not logprobs.requires_grad


@pytest.mark.parametrize("levers", [Levers(), Levers("forest", own_head=False), PLAIN], ids=str)
def test_logits_are_computed_only_where_a_token_is_asked_for(levers: Levers) -> None:
    network = network_of("phi")  # whose head is no embedding
    with pulled(network, levers) as forward, torch.no_grad():
        batch = whole(forward)
        with Products() as products:
            forward.logprobs(batch)
    (rows,) = products.rows_of(WORDS)
    assert rows in (len(batch.rows_S), len(batch.rows_S.unique()))
    assert rows < 0.7 * batch.ids_BT.numel()


def test_an_architecture_that_cannot_choose_computes_all_logits_and_gives_the_wanted() -> None:
    network = network_of("xlstm")
    seen: list[int] = []
    network.lm_head.register_forward_hook(
        lambda _module, _inputs, output: seen.append(output[..., 0].numel())
    )
    with pulled(network, PLAIN) as forward, torch.no_grad():
        batch = whole(forward, ROWS[:3])
        forward.logprobs(batch)
    assert seen == [batch.ids_BT.numel()]


@pytest.mark.parametrize("architecture", ["llama", "gpt2"])
@pytest.mark.parametrize("levers", [Levers(), PLAIN], ids=["fast", "plain"])
def test_only_trainable_parameters_get_a_gradient_and_it_is_the_right_one(
    architecture: str, levers: Levers
) -> None:
    network = network_of(architecture)
    with pulled(network, levers) as forward:
        cost(forward).backward()
        every = {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}
        network.zero_grad(set_to_none=True)
        for name, parameter in network.named_parameters():
            parameter.requires_grad_("mlp" in name)
        cost(forward).backward()
    some = {name: p.grad for name, p in network.named_parameters() if p.grad is not None}
    assert 0 < len(some) < len(every) == len(list(network.parameters()))
    for name, gradient in some.items():
        torch.testing.assert_close(gradient, every[name], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("packing", ["forest", "padded"])
def test_the_hint_is_right_for_a_sum_of_weighted_costs(packing: Packing) -> None:
    network = network_of("qwen2", tie_word_embeddings=False)
    with pulled(network, Levers(packing)) as forward:
        assert (whole(forward).terms_C is None) == (packing == "padded")
        with Products() as products:
            cost(forward).backward()
    assert len(products.rows_of(WORDS)) == 1


def test_padding_changes_nothing_whatever_stands_there() -> None:
    with pulled(network_of("gpt2"), PLAIN) as forward, torch.no_grad():
        batch = whole(forward)
        before = forward.logprobs(batch)
        lengths = [
            max(place for place, weight in enumerate(ROWS[n].weights) if weight) for n in batch.numbers
        ]
        padding = torch.arange(batch.ids_BT.shape[1]) >= torch.tensor(lengths)[:, None]
        assert int(padding.sum()) > 100
        batch.ids_BT[padding] = 299
        torch.testing.assert_close(forward.logprobs(batch), before, atol=2e-6, rtol=0)


@pytest.mark.parametrize("own_head", [True, False])
@pytest.mark.parametrize(
    ("inside", "outside"),
    [(torch.bfloat16, torch.float32), (torch.float32, torch.float32), (torch.float64, torch.float64)],
    ids=str,
)
def test_log_probabilities_are_widened_to_float32_and_never_narrowed(
    inside: torch.dtype, outside: torch.dtype, own_head: bool
) -> None:
    network = network_of("gpt2").to(inside)
    with pulled(network, Levers("padded", own_head)) as forward, torch.no_grad():
        batch = whole(forward)
        assert forward.logprobs(batch).dtype is outside
        assert forward.ranked(batch)[0].dtype is outside


def test_a_row_with_a_single_wanted_token_gives_a_single_log_probability() -> None:
    with pulled(network_of("llama"), Levers()) as forward:
        assert forward.logprobs(whole(forward, [encoded([4, 5], [0, 1])])).shape == (1,)


def test_it_says_how_rows_go_through_and_what_is_not_used() -> None:
    with fit(with_adapter(network_of("llama"))) as forward:
        assert forward.describe() == ("rows packed, common beginnings computed once",)
    with pulled(network_of("llama"), Levers("flat")) as forward:
        assert forward.describe() == ("rows packed",)
    with fit(network_of("bloom")) as forward:
        how, *reasons = forward.describe()
    assert how == "rows padded to one length"
    assert reasons
    assert all(reason.startswith("not used: ") for reason in reasons)
