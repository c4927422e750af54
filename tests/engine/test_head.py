from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tiny_networks import Products, network_of
from tunesmith.engine.head import CACHE_BYTES, Head

ROWS, WIDTH, WORDS = 13, 6, 50
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "bias": {"bias": True},
    "scale": {"scale": 0.3},
    "softcap": {"softcap": 1.5},
    "all": {"bias": True, "scale": 2.0, "softcap": 0.7},
}
every_kind = pytest.mark.parametrize("kind", KINDS)
every_type = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
TOLERANCE = {torch.float32: 2e-5, torch.float64: 1e-13}


class Setting:
    """A head, hidden states and targets; and what plain autograd makes of them."""

    def __init__(
        self, kind: str, dtype: torch.dtype, learns: bool, sizes: tuple[int, int] = (ROWS, WORDS)
    ) -> None:
        rows, words = sizes
        draw = torch.Generator().manual_seed(3)
        options = dict(KINDS[kind])
        self.hidden = torch.randn(rows, WIDTH, generator=draw, dtype=torch.float64).to(dtype).requires_grad_()
        weight = torch.randn(words, WIDTH, generator=draw, dtype=torch.float64).to(dtype)
        bias = (
            torch.randn(words, generator=draw, dtype=torch.float64).to(dtype)
            if options.pop("bias", 0)
            else None
        )
        self.targets = torch.randint(words, (rows,), generator=draw)
        self.factor = torch.randn(rows, generator=draw, dtype=torch.float64).to(dtype)
        self.head = Head(weight, bias, **options)
        self.inputs = [self.hidden]
        if learns:
            self.inputs += [each.requires_grad_() for each in (weight, bias) if each is not None]

    def logprobs(self, hint: Tensor | None = None) -> Tensor:
        return self.head.logprobs(self.hidden, self.targets, hint)

    def logits(self) -> Tensor:
        logits = nn.functional.linear(self.hidden, self.head.weight, self.head.bias) * self.head.scale
        return (
            logits if self.head.softcap is None else self.head.softcap * (logits / self.head.softcap).tanh()
        )

    def plain(self) -> Tensor:
        return self.logits().log_softmax(-1).gather(1, self.targets[:, None])[:, 0]

    def gradients(self, logprobs: Tensor) -> tuple[Tensor, ...]:
        return torch.autograd.grad((logprobs * self.factor).sum(), self.inputs)


@every_kind
@every_type
@pytest.mark.parametrize("hint", ["none", "right", "wrong"])
@pytest.mark.parametrize("learns", [False, True], ids=["frozen", "learning"])
def test_log_probabilities_and_gradients_are_those_of_plain_autograd(
    kind: str, dtype: torch.dtype, hint: str, learns: bool
) -> None:
    setting = Setting(kind, dtype, learns)
    hints = {"none": None, "right": setting.factor, "wrong": setting.factor.flip(0)}
    found, wanted = setting.logprobs(hints[hint]), setting.plain()
    assert found.dtype is dtype
    torch.testing.assert_close(found, wanted, atol=TOLERANCE[dtype], rtol=0)
    for mine, plain in zip(setting.gradients(found), setting.gradients(wanted), strict=True):
        torch.testing.assert_close(mine, plain, atol=TOLERANCE[dtype], rtol=TOLERANCE[dtype])


@every_kind
@pytest.mark.parametrize("learns", [False, True], ids=["frozen", "learning"])
def test_gradients_are_those_of_small_differences(kind: str, learns: bool) -> None:
    setting = Setting(kind, torch.float64, learns)

    def logprobs(hidden: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        head = Head(weight, bias, setting.head.scale, setting.head.softcap)
        return head.logprobs(hidden, setting.targets, -setting.factor)

    assert torch.autograd.gradcheck(logprobs, (setting.hidden, setting.head.weight, setting.head.bias))


@pytest.mark.parametrize("learns", [False, True], ids=["frozen", "learning"])
def test_rows_are_cut_where_their_logits_fill_the_cache_and_the_last_cut_is_ragged(learns: bool) -> None:
    words = 30_000
    rows = 2 * (CACHE_BYTES // (4 * words)) + 5
    setting = Setting("all", torch.float32, learns, (rows, words))
    with Products() as products:
        found = setting.logprobs(setting.factor)
    sizes = products.rows_of(words)
    assert len(sizes) > 2
    assert max(sizes) * words * 4 <= CACHE_BYTES
    assert sizes[-1] == 5
    wanted = setting.plain()
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=0)
    for mine, plain in zip(setting.gradients(found), setting.gradients(wanted), strict=True):
        torch.testing.assert_close(mine, plain, atol=1e-4, rtol=1e-4)


@every_kind
@pytest.mark.parametrize("hint", [False, True], ids=["unknown", "known"])
@pytest.mark.parametrize("learns", [False, True], ids=["frozen", "learning"])
def test_nothing_as_large_as_rows_times_words_is_kept_for_the_way_back(
    kind: str, hint: bool, learns: bool
) -> None:
    setting = Setting(kind, torch.float32, learns)
    kept: list[int] = []

    def note(tensor: Tensor) -> Tensor:
        kept.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        setting.logprobs(setting.factor if hint else None)
        mine = max(kept)
        setting.plain()
    assert mine <= max(ROWS, WORDS) * WIDTH
    assert max(kept) >= ROWS * WORDS  # as plain autograd does


@pytest.mark.parametrize(
    ("learns", "hint", "of_logits", "of_all"),
    [
        (False, "none", 1, 2),
        (False, "wrong", 1, 2),
        (True, "right", 1, 3),
        (True, "none", 2, 4),
        (True, "wrong", 2, 6),
    ],
)
def test_logits_are_computed_again_only_where_the_hint_was_wrong(
    learns: bool, hint: str, of_logits: int, of_all: int
) -> None:
    setting = Setting("bias", torch.float32, learns)
    hints = {"none": None, "right": setting.factor, "wrong": setting.factor + 1}
    with Products() as products:
        setting.gradients(setting.logprobs(hints[hint]))
    assert products.rows_of(WORDS) == [ROWS] * of_logits
    assert len(products.shapes) == of_all


@every_kind
def test_without_gradients_a_learning_head_computes_log_probabilities_alone(kind: str) -> None:
    setting = Setting(kind, torch.float64, learns=True)
    with torch.no_grad(), Products() as products:
        found = setting.head.logprobs(setting.hidden.detach(), setting.targets, setting.factor)
    assert products.shapes == [(ROWS, WORDS)]
    assert not found.requires_grad
    torch.testing.assert_close(found, setting.plain().detach(), atol=1e-13, rtol=0)


@every_kind
@every_type
def test_a_target_is_first_where_no_other_logit_is_higher(kind: str, dtype: torch.dtype) -> None:
    setting = Setting(kind, dtype, learns=True)
    best = setting.logits().argmax(-1)
    setting.targets[::2] = best[::2]
    logprobs, is_first = setting.head.top(setting.hidden, setting.targets)
    assert not logprobs.requires_grad
    assert torch.equal(is_first, setting.targets == best)
    assert 0 < int(is_first.sum()) < ROWS
    torch.testing.assert_close(logprobs, setting.plain().detach(), atol=TOLERANCE[dtype], rtol=0)


def test_half_precision_is_widened_before_logits_are_added_up() -> None:
    setting = Setting("plain", torch.bfloat16, learns=True)
    found = setting.logprobs()
    assert found.dtype is torch.float32
    assert torch.equal(
        found, setting.logits().float().log_softmax(-1).gather(1, setting.targets[:, None])[:, 0]
    )
    gradients = setting.gradients(found)
    assert all(gradient.dtype is torch.bfloat16 for gradient in gradients)
    for mine, plain in zip(gradients, setting.gradients(setting.plain()), strict=True):
        torch.testing.assert_close(mine, plain, atol=0.1, rtol=0.1)


@pytest.mark.parametrize(
    ("architecture", "scale", "softcap", "has_bias"),
    [
        ("llama", 1.0, None, False),
        ("phi", 1.0, None, True),
        ("gemma2", 1.0, 4.0, False),
        ("granite", 1 / 3.0, None, False),
        ("cohere", 0.0625, None, False),
    ],
)
def test_a_head_is_read_off_its_network(
    architecture: str, scale: float, softcap: float | None, has_bias: bool
) -> None:
    network = network_of(architecture)
    head = Head.of(network, torch.float32)
    assert (head.scale, head.softcap, head.bias is not None) == (scale, softcap, has_bias)
    assert head.weight is network.get_output_embeddings().weight
    coarse = Head.of(network, torch.bfloat16)
    logprobs = coarse.logprobs(torch.ones(3, head.weight.shape[1]), torch.tensor([1, 2, 3]))
    assert logprobs.dtype is torch.float32
    fine = head.logprobs(torch.ones(3, head.weight.shape[1]), torch.tensor([1, 2, 3]))
    assert 0 < float((logprobs - fine).detach().abs().max()) < 0.1


def test_gradients_of_coarse_products_are_summed_in_the_type_of_the_weights() -> None:
    draw = torch.Generator().manual_seed(0)
    hidden = torch.randn(4000, 16, generator=draw)
    targets = torch.randint(0, 30_000, (4000,), generator=draw)
    start = torch.randn(30_000, 16, generator=draw)
    grads = []
    for compute in (torch.float32, torch.bfloat16):
        weight = torch.nn.Parameter(start.clone())
        head = Head(weight, None, compute=compute)
        head.logprobs(hidden, targets, torch.ones(4000)).sum().backward()
        assert weight.grad is not None
        assert weight.grad.dtype is torch.float32
        grads.append(weight.grad)
    # Thirty sums of bfloat16 numbers would lose another digit.
    assert 0 < float((grads[1] - grads[0]).norm() / grads[0].norm()) < 0.01


@pytest.mark.parametrize("is_asked", [True, False])
def test_a_head_that_learns_alone_computes_no_gradient_for_what_is_below(is_asked: bool) -> None:
    weight = torch.nn.Parameter(torch.randn(11, 4, generator=torch.Generator().manual_seed(0)))
    hidden = torch.ones(3, 4, requires_grad=is_asked)
    kept: list[torch.Size] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t.shape) or t, lambda t: t):
        Head(weight, None).logprobs(hidden, torch.tensor([1, 2, 3]), torch.ones(3)).sum().backward()
    assert kept.count(torch.Size([3, 4])) == (2 if is_asked else 1)  # hidden itself, and its gradient
