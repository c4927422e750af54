"""What is measured is summed up by medians, compared fairly, and written without anything of this machine."""

import json
from dataclasses import replace

import pytest
from benchmarks.case import QUICK
from benchmarks.contestant.settings import CANDIDATES
from benchmarks.floor import Factors
from benchmarks.measure import Failed, Measurement
from benchmarks.series import OURS, THEIRS, TUNED, Series, Trial, best
from benchmarks.table import best_products, distance, page

MACHINE = {"gpu": None, "cores": 2, "instructions": ["avx2"], "libraries": {"torch": "2.13", "trl": "1.16"}}
RUN = Measurement(
    tokens=1000,
    seconds=2.0,
    peak_bytes=2**30,
    losses=(3.0, 2.0),
    gradient_norms=(1.0, 0.5),
    dtype="float32",
    attained=1e9,
    needed=1e5,
    factors=Factors(pad=0.5, prefix=1.0, head=1.0, recompute=0.8, mask=1.0),
    notes=(),
)


def series() -> Series:
    runs = {
        OURS: [replace(RUN, seconds=seconds, attained=2e9) for seconds in (1.0, 2.0, 50.0)],
        THEIRS: [
            replace(RUN, seconds=20.0, dtype="bfloat16", attained=4e9, factors=replace(RUN.factors, pad=0.25))
        ],
        TUNED: [replace(RUN, seconds=5.0)],
    }
    references = {OURS: replace(RUN, losses=(3.0, 2.2)), THEIRS: RUN}
    return Series(QUICK, CANDIDATES[0], (), runs, references)


def test_one_slow_run_changes_no_median() -> None:
    assert series().speed(OURS) == 500
    assert series().to_json()["summary"][THEIRS] == {"tokens_per_second": 50, "against": 10}


def test_losses_are_compared_between_the_references_and_the_largest_difference_counts() -> None:
    assert series().difference(lambda run: run.losses) == pytest.approx(0.1)
    assert series().difference(lambda run: run.gradient_norms) == 0


def test_a_series_survives_its_file() -> None:
    whole = replace(series(), trials=(Trial(CANDIDATES[0], None, "no memory"), Trial(CANDIDATES[1], 5.0)))
    stored = json.loads(json.dumps(whole.to_json()))
    assert json.loads(json.dumps(Series.from_json(stored).to_json())) == stored


def test_the_best_candidate_is_the_fastest_that_could_be_used() -> None:
    first, second, third = CANDIDATES[:3]
    trials = [Trial(first, None, "no memory"), Trial(second, 5.0), Trial(third, 4.0)]
    assert best(trials) == second
    with pytest.raises(Failed):
        best(trials[:1])


def test_the_limit_is_the_best_product_of_the_whole_run_in_the_same_type() -> None:
    products = best_products([series()])
    assert products == {("cpu", "float32"): 2e9, ("cpu", "bfloat16"): 4e9}
    assert distance(RUN, 2e9) == 500 * 1e5 / 2e9


def test_the_page_holds_medians_ratios_and_factors() -> None:
    text = page([series()], MACHINE, 3, "python -m benchmarks training --out FILE")
    rows = [line for line in text.splitlines() if line.startswith(f"| {OURS}") or line.startswith("| TRL")]
    assert rows == [
        "| Tunesmith | 500 |  | 1.00 | float32 | 2.5% |",
        "| TRL, defaults | 50 | 10.0 x | 1.00 | bfloat16 | 0.1% |",
        "| TRL, tuned | 200 | 2.5 x | 1.00 | float32 | 1.0% |",
        "| Tunesmith | 0.40 | 0.50 | 1.00 | 1.00 | 0.80 | 1.00 | 0.06 |",
        "| TRL, defaults | 0.20 | 0.25 | 1.00 | 1.00 | 0.80 | 1.00 | 0.01 |",
        "| TRL, tuned | 0.40 | 0.50 | 1.00 | 1.00 | 0.80 | 1.00 | 0.02 |",
    ]
    assert "losses differ by 1e-01 at most" in text
    assert "```shell\npython -m benchmarks training --out FILE\n```" in text
    assert "medians of 3" in text
    assert "Tunesmith in float32: 500 tokens/s, 2% of its limit." in text
    assert max(map(len, text.splitlines())) <= 120
