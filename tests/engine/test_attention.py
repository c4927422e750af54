import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tunesmith.engine.attention import attend, window_mask
from tunesmith.engine.forest import Forest
from tunesmith.engine.layout import Layout

CPU = torch.device("cpu")
TOLERANCE = {torch.float32: 2e-6, torch.float64: 1e-14}
WIDTH = 8


def layout_of(*rows: str, worth_sharing: int | None = 2) -> Layout:
    """Lay out rows of letters."""
    return Layout(
        Forest.grow([np.array([ord(each) for each in row]) for row in rows], worth_sharing).segments
    )


LAYOUTS = {
    "one row": layout_of("abcdefg"),
    "one token": layout_of("a"),
    "two folds": layout_of("abcde", "fghij", "klmno", "pqr", "stu", "v"),
    "a branch": layout_of("abcdef", "abcghij", "klm"),
    "two levels": layout_of("abcdefgh", "abcdefij", "abcdefgklm", "abcnop", "qrs", "tuv"),
    "a beginning and its ends": layout_of("abcd", "abcdefg", "abcdhij"),
}
every_layout = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)


def visible(layout: Layout, window: int | None) -> Tensor:
    """Say for each token which tokens it sees, one by one."""
    length = layout.segments[-1].end
    seen = torch.zeros(length, length, dtype=torch.bool)
    for segment in layout.segments:
        before = [place for start, end in segment.before for place in range(start, end)]
        for token in range(segment.start, segment.end):
            path = [*before, *range(segment.start, token + 1)]
            seen[token, path if window is None else path[-window:]] = True
    return seen


def dense(
    qkv: tuple[Tensor, Tensor, Tensor],
    seen: Tensor,
    scaling: float | None = None,
    softcap: float | None = None,
) -> Tensor:
    """Attend by plain products over all tokens at once."""
    query, key, value = qkv
    times = query.shape[1] // key.shape[1]
    key, value = (torch.stack([each] * times, 2).flatten(1, 2) for each in (key, value))
    scores = query @ key.transpose(2, 3) * (WIDTH**-0.5 if scaling is None else scaling)
    if softcap is not None:
        scores = softcap * (scores / softcap).tanh()
    return (scores.masked_fill(~seen, -torch.inf).softmax(-1) @ value).transpose(1, 2)


def tensors(layout: Layout, dtype: torch.dtype, heads: int = 4, width: int = WIDTH) -> tuple[Tensor, ...]:
    """Draw queries of four heads, keys and values of `heads`, and a gradient."""
    shape, length = torch.Generator().manual_seed(0), layout.segments[-1].end
    drawn = [
        torch.randn(1, count, length, size, generator=shape, dtype=torch.float64).to(dtype)
        for count, size in ((4, WIDTH), (heads, WIDTH), (heads, width), (4, width))
    ]
    return (*(each.requires_grad_() for each in drawn[:3]), drawn[3].transpose(1, 2))


def attended(qkv: tuple[Tensor, ...], layout: Layout, **options: float | None) -> Tensor:
    query, key, value = qkv
    mask = window_mask(local_size=options.get("sliding_window"))  # type: ignore[arg-type]
    out, shares = attend(nn.Module(), query, key, value, mask, layout=layout, **options)  # type: ignore[arg-type]
    assert shares is None
    return out


@every_layout
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("heads", [4, 2, 1])
@pytest.mark.parametrize(
    "options",
    [{}, {"scaling": 0.7}, {"window": 2}, {"softcap": 1.5}, {"softcap": 0.5, "window": 3, "scaling": 2.0}],
    ids=str,
)
def test_it_is_dense_attention_over_each_tokens_own_row(
    layout: Layout, dtype: torch.dtype, heads: int, options: dict[str, float]
) -> None:
    *qkv, grad = tensors(layout, dtype, heads)
    window = options.get("window")
    others = {name: value for name, value in options.items() if name != "window"}
    found = attended(tuple(qkv), layout, sliding_window=window, **others)
    wanted = dense(
        (qkv[0], qkv[1], qkv[2]), visible(layout, None if window is None else int(window)), **others
    )
    assert found.shape == (1, layout.segments[-1].end, 4, WIDTH)
    torch.testing.assert_close(found, wanted, atol=TOLERANCE[dtype], rtol=0)
    for mine, plain in zip(
        torch.autograd.grad(found, qkv, grad), torch.autograd.grad(wanted, qkv, grad), strict=True
    ):
        torch.testing.assert_close(mine, plain, atol=10 * TOLERANCE[dtype], rtol=10 * TOLERANCE[dtype])


@every_layout
def test_values_may_be_narrower_than_keys(layout: Layout) -> None:
    *qkv, grad = tensors(layout, torch.float64, heads=2, width=5)
    found, wanted = attended(tuple(qkv), layout), dense((qkv[0], qkv[1], qkv[2]), visible(layout, None))
    torch.testing.assert_close(found, wanted, atol=1e-14, rtol=0)
    for mine, plain in zip(
        torch.autograd.grad(found, qkv, grad), torch.autograd.grad(wanted, qkv, grad), strict=True
    ):
        torch.testing.assert_close(mine, plain, atol=1e-13, rtol=0)


def test_its_gradient_is_that_of_small_differences() -> None:
    layout = LAYOUTS["two levels"]
    *qkv, _ = tensors(layout, torch.float64, heads=2)
    assert torch.autograd.gradcheck(lambda *each: attended(each, layout), qkv, fast_mode=True)


@every_layout
def test_what_comes_as_a_view_is_read_as_what_it_is(layout: Layout) -> None:
    *qkv, _ = tensors(layout, torch.float64)
    turned = tuple(each.detach().transpose(1, 2).contiguous().transpose(1, 2) for each in qkv)
    assert not turned[0].is_contiguous() or turned[0].shape[2] == 1
    assert torch.equal(attended(turned, layout), attended(tuple(qkv), layout))


def test_a_window_as_long_as_the_longest_row_hides_nothing() -> None:
    layout = LAYOUTS["two levels"]
    *qkv, _ = tensors(layout, torch.float32)
    assert layout.longest == 10
    whole = attended(tuple(qkv), layout)
    assert torch.equal(attended(tuple(qkv), layout, sliding_window=10), whole)
    assert not torch.allclose(attended(tuple(qkv), layout, sliding_window=9), whole, atol=1e-3)


@pytest.mark.parametrize("options", [{}, {"softcap": 2.0}], ids=str)
def test_dropout_is_drawn_where_it_is_asked_for(options: dict[str, float]) -> None:
    layout = LAYOUTS["two levels"]
    *qkv, _ = tensors(layout, torch.float32)
    before = torch.get_rng_state()
    whole = attended(tuple(qkv), layout, **options)
    assert torch.equal(torch.get_rng_state(), before)
    dropped = torch.stack([attended(tuple(qkv), layout, dropout=0.3, **options) for _ in range(400)])
    assert not torch.equal(dropped[0], dropped[1])
    torch.testing.assert_close(dropped.mean(0), whole, atol=0.15, rtol=0)


def test_a_mask_or_a_tensor_it_does_not_know_is_refused_and_not_left_out() -> None:
    layout = LAYOUTS["one row"]
    query, key, value, _ = tensors(layout, torch.float32)
    with pytest.raises(NotImplementedError, match="attention with a mask"):
        attend(nn.Module(), query, key, value, torch.zeros(1, 1, 7, 7), layout=layout)
    with pytest.raises(NotImplementedError, match="attention with a mask"):
        attend(nn.Module(), query, key, value, window_mask(use_vmap=True), layout=layout)
    for told, masked in ((None, 5), (5, None), (5, 6)):
        mask = window_mask(local_size=masked)
        with pytest.raises(NotImplementedError, match="attention with a mask"):
            attend(nn.Module(), query, key, value, mask, layout=layout, sliding_window=told)
    with pytest.raises(NotImplementedError, match="s_aux"):
        attend(nn.Module(), query, key, value, None, layout=layout, s_aux=torch.zeros(4))
    attend(nn.Module(), query, key, value, None, layout=layout, position_ids=torch.arange(7), training=True)
