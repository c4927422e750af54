"""Operations are counted in closed form; torch's own counter, told what attention costs, is the judge."""

from array import array
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from benchmarks.case import OTHERS, QUICK, TABLE, Case
from benchmarks.change import CHANGES, Change
from benchmarks.contestant.settings import DEFAULTS, Ours, Theirs
from benchmarks.contestant.trained import Trained
from benchmarks.floor import Costs, Counts, Factors, Ran, Repeated, end_to_end, needed, side_by_side
from benchmarks.shape import SHAPES
from torch.utils.flop_counter import FlopCounterMode, mm_flop

from tunesmith.core.cards import Encoded, Plan

aten = torch.ops.aten


def attention(query: Any, key: Any, *_: Any, products: int, mask: Any, is_causal: bool) -> int:
    batch, heads, length, width = query.shape
    pairs = length * (length + 1) // 2 if is_causal else length * key.shape[2]
    assert mask is None or not is_causal
    return 2 * products * batch * heads * width * pairs


def forward(
    q: Any, k: Any, v: Any, dropout: float = 0, causal: bool = False, *, attn_mask: Any = None, **_: Any
) -> int:
    return attention(q, k, products=2, mask=attn_mask, is_causal=causal)


def backward(grad: Any, q: Any, k: Any, v: Any, *others: Any, attn_mask: Any = None, **_: Any) -> int:
    return attention(q, k, products=5, mask=attn_mask, is_causal=others[3])


for formula in (forward, backward):
    formula._get_raw = True  # type: ignore[attr-defined]  # as torch marks formulas that want tensors


def in_place(_: Any, left: Any, right: Any, **__: Any) -> int:
    return mm_flop(left, right)


JUDGED = {
    aten._scaled_dot_product_flash_attention_for_cpu: forward,
    aten._scaled_dot_product_flash_attention_for_cpu_backward: backward,
    aten.addmm_: in_place,
}


def counted(run: Callable[[Case], Trained], case: Case) -> tuple[Trained, int]:
    with FlopCounterMode(display=False, custom_mapping=JUDGED) as judge:
        trained = run(case)
    return trained, judge.get_total_flops()


@pytest.fixture(autouse=True)
def small_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SHAPES, "small", replace(SHAPES["nano"], layers=3, is_tied=False))
    monkeypatch.setitem(
        SHAPES, "small-gpt2", replace(SHAPES["gpt2"], width=64, heads=4, inner=160, layers=2, vocabulary=500)
    )
    monkeypatch.setitem(CHANGES, "top-1", Change("top-1", adapts=True, top=1))


def judge(run: Callable[[Case], Trained], shape: str, change: str) -> None:
    """Two runs of different length differ by what the additional steps execute, whatever starting costs."""
    case = replace(QUICK, shape=shape, change=change, steps=4)
    costs = Costs(*case.of[1:])
    (long, most), (short, least) = counted(run, case), counted(run, replace(case, steps=2))
    executed = [costs.executed(trained.ran.executed, trained.repeated) for trained in (long, short)]
    assert most > least > 0
    assert most - least == executed[0] - executed[1]


@pytest.mark.parametrize(
    ("shape", "change"),
    [
        ("small", "lora"),
        ("small", "full"),
        ("small", "top-1"),
        ("small", "head"),
        ("small-gpt2", "lora"),
        ("small-gpt2", "full"),
    ],
)
def test_what_our_engine_executes_is_what_the_closed_form_says(shape: str, change: str) -> None:
    from benchmarks.contestant import ours

    judge(lambda case: ours.run(case, Ours("float32")), shape, change)


@pytest.mark.parametrize(
    "settings",
    [DEFAULTS, Theirs("float32", "padded"), Theirs("float32", "grouped"), Theirs("float32", "packed")],
    ids=Theirs.describe,
)
@pytest.mark.parametrize(
    ("shape", "change"), [("small", "lora"), ("small", "full"), ("small", "top-1"), ("small", "head")]
)
def test_what_trl_executes_is_what_the_closed_form_says(settings: Theirs, shape: str, change: str) -> None:
    from benchmarks.contestant import trl

    judge(lambda case: trl.run(case, settings), shape, change)


def row(ids: list[int], wanted: int) -> Encoded:
    weights = [float(place >= len(ids) - wanted) for place in range(len(ids))]
    return Encoded(array("i", ids), array("f", weights))


def test_a_step_needs_equal_beginnings_once_and_nothing_behind_the_last_wanted_token() -> None:
    rows = (row([1, 2, 3, 4], 1), row([1, 2, 5, 6], 2), row([7, 8], 1))
    trailing = Encoded(array("i", [7, 8, 9]), array("f", [0.0, 1.0, 0.0]))
    # 1, 2, 3 and 1, 2, 5 and 7 are read: five tokens that see 1, 2, 3, 3 and 1 tokens; 2, 3, 5 and 7 predict.
    assert needed([Plan(1, 1, rows)]) == Counts(5, 10, 4)
    assert needed([Plan(1, 1, (*rows[:2], trailing))]) == Counts(5, 10, 4)
    assert needed([Plan(1, 1, rows[:1]), Plan(2, 1, rows[1:2])]) == Counts(6, 12, 3)


def test_padding_makes_rectangles_whose_attention_is_computed_in_full() -> None:
    assert side_by_side([2, 4], 3, compact=False) == Ran(Counts(8, 32, 6), 20, 3, 6, 13)
    assert side_by_side([4, 4], 3, compact=True) == Ran(Counts(8, 20, 3), 20, 3, 8, 20)


def test_packing_makes_one_square_of_all_pairs_unless_a_kernel_leaves_them_out() -> None:
    assert end_to_end([2, 4], 3, dense=True, compact=False) == Ran(Counts(6, 36, 5), 13, 3, 6, 13)
    assert end_to_end([2, 4], 3, dense=False, compact=True) == Ran(Counts(6, 13, 3), 13, 3, 6, 13)
    assert end_to_end([4], 3, dense=True, compact=False).executed.pairs == 10


def test_the_useful_operations_are_those_of_the_formula() -> None:
    shape = SHAPES["15m"]
    tokens, pairs, rows = 1000, 70_000, 300
    matrices = 6 * (4 * 288 * 288 + 3 * 288 * 768)
    adapters = 6 * 16 * (4 * 2 * 288 + 3 * (288 + 768))
    head, attention = 2 * rows * 288 * 32_000, 12 * 288 * 6 * pairs
    entry = 2 * tokens * 3 * (288 * 288 + 16 * 288)
    counts = Counts(tokens, pairs, rows)
    assert Costs(shape, CHANGES["full"]).needed(counts) == 6 * tokens * matrices + attention + 3 * head
    lora = 4 * tokens * matrices + 6 * tokens * adapters + attention + 2 * head - entry
    assert Costs(shape, CHANGES["lora"]).needed(counts) == lora
    alone = 2 * tokens * matrices + attention / 3 + 2 * head
    assert Costs(shape, CHANGES["head"]).needed(counts) == alone
    assert Costs(shape, CHANGES["head"]).needed(counts, trunk=0.2) == alone - 0.8 * (alone - 2 * head)


def test_factors_multiply_to_needed_by_executed() -> None:
    costs = Costs(SHAPES["135m"], CHANGES["lora"])
    repeated = Repeated(1.0, crosses_frozen=True, head_products=1)
    ran, wanted = side_by_side([30, 50, 90], 40, compact=False), Counts(150, 5000, 38)
    factors = costs.factors(ran, repeated, wanted)
    assert factors.eta == pytest.approx(costs.needed(wanted) / costs.executed(ran.executed, repeated))
    assert all(0 < share < 1 for share in vars(factors).values())


ETAS = {
    "short, 15m, lora": (0.989, 0.155),
    "short, 15m, full": (0.992, 0.174),
    "short, 135m, lora": (0.993, 0.204),
    "chat, 135m, lora": (0.952, 0.217),
    "again, deep, top-4": (0.992, 0.053),
    "again, deep, head": (1.0, 0.027),
    "short, gpt2, lora": (0.989, 0.154),
    "short, gpt2, full": (0.992, 0.176),
    "short, 135m, full": (0.995, 0.241),
    "chat, 15m, lora": (0.937, 0.186),
    "long, 15m, lora": (0.964, 0.432),
    "long, 15m, full": (0.973, 0.504),
    "long, 135m, lora": (0.963, 0.442),
}
"""Needed by executed operations: ours, and TRL's at its defaults. A lower first number is a regression."""


@pytest.mark.parametrize("case", [*TABLE, *OTHERS], ids=lambda case: case.name)
def test_the_share_of_needed_operations_is_what_it_was(case: Case) -> None:
    from benchmarks.contestant import ours

    from tunesmith.engine.fit import fit

    workload, shape, change = case.of
    costs, wanted, trunk = Costs(shape, change), needed(case.plans), 1 / workload.epochs
    with fit(SHAPES["nano"].build("cpu", "float32")) as forward:  # its size decides nothing about passes
        ran = sum((ours.ran(forward, plan, 4096) for plan in case.plans), Ran())
    padded = [([len(row) for row in plan.sequences], int(plan.weight)) for plan in case.plans]
    theirs = sum((side_by_side(*rows, compact=False) for rows in padded), Ran())
    repeated = Repeated(1.0, crosses_frozen=not change.trains_embeddings, head_products=1)
    found = (
        costs.factors(ran, ours.repeated(case, 0.0, has_trunk=workload.epochs > 1), wanted, trunk),
        costs.factors(theirs, repeated, wanted, trunk),
    )
    assert [factors.eta for factors in found] == pytest.approx(ETAS[case.name], abs=1e-3)


def test_eta_is_the_product_of_its_factors() -> None:
    assert Factors(pad=0.5, prefix=0.5, head=0.5, recompute=0.5, mask=0.5).eta == 0.5**5
