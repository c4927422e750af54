import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.core.errors import BadOption, BadRecipe
from tunesmith.search.grid import Trial, best, parse, trials


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("training.learning_rate=1e-4,3e-4", ["1e-4", "3e-4"]),
        ("method.rank=[8,16]", ["8", "16"]),
        (" method.rank = [8, 16] ", ["8", "16"]),
        ("method=lora,{name: lora, rank: 2}", ["lora", "{name: lora, rank: 2}"]),
        ("method.targets=[q_proj],[q_proj, v_proj]", ["[q_proj]", "[q_proj, v_proj]"]),
        ("method.targets=[[q_proj], [q_proj, v_proj]]", ["[q_proj]", "[q_proj, v_proj]"]),
        ("method.targets=[[a,b],[c]],all-linear", ["[[a,b],[c]]", "all-linear"]),
        ("method.targets=all-linear,['a,b','c]']", ["all-linear", "['a,b','c]']"]),
        ("training.clip_norm=null,1.0", ["null", "1.0"]),
        ("seed=1,2,3", ["1", "2", "3"]),
    ],
)
def test_values_are_parted_only_where_no_bracket_or_quote_is_open(text, values):
    (parsed,) = parse([text]).values()
    assert parsed == values


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([], "nothing to search"),
        (["method.rank"], r"'method\.rank' is not an axis"),
        (["=8,16"], "is not an axis"),
        (["method.rank=8"], "one value leaves nothing to choose"),
        (["method.rank=[8]"], "one value leaves nothing to choose"),
        (["method.rank="], "a value is missing"),
        (["method.rank=8,,16"], "a value is missing"),
        (["method.rank=8,"], "a value is missing"),
        (["method.rank=[8,16"], "not closed"),
        (["method.rank=8],[16"], "not closed"),
        (["method.targets='a,b"], "not closed"),
        (["method.rank=8,16,8"], "8 is given twice"),
        (["method.rank=8,16", "method.rank=4,2"], r"method\.rank is given twice"),
    ],
)
def test_what_is_no_axis_is_refused_with_the_reason(texts, message):
    with pytest.raises(BadRecipe, match=message):
        parse(texts)


@pytest.mark.parametrize("path", ["data.split.validation", "objective", "base", "evaluation.samples", "name"])
def test_what_would_change_the_meaning_of_a_validation_loss_cannot_vary(path):
    with pytest.raises(BadOption, match=rf"{path} cannot be searched.*method, training, seed"):
        parse([f"{path}=1,2"])


def test_all_combinations_come_in_a_stable_order_the_last_axis_fastest():
    axes = parse(["method.rank=8,16", "seed=1,2"])
    assert trials(axes) == [
        ("method.rank=8", "seed=1"),
        ("method.rank=8", "seed=2"),
        ("method.rank=16", "seed=1"),
        ("method.rank=16", "seed=2"),
    ]


@given(
    st.dictionaries(st.text("abc", min_size=1), st.sets(st.text("xyz"), min_size=1).map(sorted), max_size=4)
)
def test_every_combination_is_there_once(axes):
    found = trials(axes)
    assert len(found) == len(set(found)) == math.prod(len(values) for values in axes.values())


def tried(*losses: float | None) -> list[Trial]:
    return [Trial(n, (f"seed={n}",), "finished", f"run-{n}", loss) for n, loss in enumerate(losses, 1)]


def test_the_lowest_validation_loss_is_best_and_ties_go_to_the_earlier():
    assert best(tried(2.0, 1.0, 1.0, 3.0)).number == 2


def test_a_trial_without_a_finite_loss_is_never_best():
    assert best(tried(None, math.nan, math.inf, 5.0)).number == 4
    assert best(tried(None, math.nan, math.inf)) is None
    assert best([]) is None


@pytest.mark.parametrize("state", ["waiting", "started", "failed"])
def test_only_finished_trials_can_be_best(state):
    first, second = tried(1.0, 2.0)
    assert best([replace(first, state=state), second]) is second
