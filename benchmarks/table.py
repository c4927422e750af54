"""The page: what was measured, in tables, with what the numbers mean and how to get them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.measure import Measurement
from benchmarks.series import OURS, THEIRS, TUNED, Series

MARK = "<!-- Written by `python -m benchmarks training`: numbers are measured, not edited. -->"

OPENING = """\
# Training performance

What a training step costs here, and in TRL {trl}: the same networks with random weights, the same rows of
random ids, the same number of rows per step and the same optimizer, one after the other in one run. Every
measurement is a process of its own that uses all cores. Shown are medians of {repetitions}; the first step of
each is not counted.

```shell
{command}
```

- *TRL, defaults*: `SFTTrainer` as it comes, apart from rows in order, no limit on their length, and on a
  machine without a GPU `use_cpu=True`.
- *TRL, tuned*: without checkpointing, in the fastest of float32 or bfloat16, packed or grouped by length, as
  found by a short trial for each case.
- *tokens/s*: tokens of the data, without padding, per second of training.
- *memory*: the most that the process held, libraries included.
- *operations*: needed by executed ones, from the shapes that were run. A step needs each distinct beginning
  of its rows once, output rows for wanted tokens only, and nothing twice; each layer below the changed ones
  it needs once for all epochs. The columns say what the rest was for.
- *of the limit*: needed operations per second, by the most that one matrix product attained here in the same
  number type. It is *operations* times *hardware*: what was executed per second, by that most.
"""

FACTORS = {
    "pad": "padding",
    "prefix": "equal beginnings",
    "head": "output rows",
    "recompute": "computed again",
    "mask": "masked pairs",
}


def page(series: Sequence[Series], machine: Mapping[str, Any], repetitions: int, command: str) -> str:
    """Write the whole page."""
    opening = OPENING.format(trl=machine["libraries"]["trl"], repetitions=repetitions, command=command)
    attained = best_products(series)
    parts = [MARK, "", opening, *_machine(machine, attained)]
    for one in series:
        parts += ["", *_case(one, attained)]
    return "\n".join(parts).rstrip() + "\n"


def best_products(series: Sequence[Series]) -> dict[tuple[str, str], float]:
    """Give the most operations per second that a product attained in the whole run, by device and type."""
    found: dict[tuple[str, str], float] = {}
    for one in series:
        for run in (*one.references.values(), *(run for runs in one.runs.values() for run in runs)):
            key = (one.case.device, run.dtype)
            found[key] = max(run.attained, found.get(key, 0.0))
    return found


def _machine(machine: Mapping[str, Any], attained: Mapping[tuple[str, str], float]) -> Iterator[str]:
    libraries = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items())
    products = ", ".join(f"{speed / 1e9:,.0f} in {dtype}" for (_, dtype), speed in sorted(attained.items()))
    name = machine["gpu"] or f"{machine['cores']} cores"
    yield f"Machine: {name} ({', '.join(machine['instructions'])}); {libraries}."
    yield f"Products attained, in GFLOP/s: {products}."


def _case(series: Series, attained: Mapping[tuple[str, str], float]) -> Iterator[str]:
    workload, shape, _ = series.case.of
    losses = series.difference(lambda run: run.losses)
    norms = series.difference(lambda run: run.gradient_norms)
    yield f"## {series.case.name.capitalize()}"
    yield ""
    yield f"{workload.sentence} {len(series.case.rows)} rows, {series.case.rows_per_step} in a step, and"
    yield f"{shape.parameters / 1e6:.4g} million parameters. Tuned: {series.tuned.describe()}."
    yield ""
    yield f"In float32 and on the same minibatches, losses differ by {losses:.0e} at most, gradient norms by"
    yield f"{norms:.0e} (relative)."
    exact = series.references[OURS]
    limit = distance(exact, attained[series.case.device, exact.dtype])
    yield f"Tunesmith in {exact.dtype}: {exact.tokens_per_second:,.0f} tokens/s, {limit:.0%} of its limit."
    yield ""
    yield "| | tokens/s | Tunesmith against it | memory, GiB | computes in | of the limit |"
    yield "|---|--:|--:|--:|---|--:|"
    for name in (OURS, THEIRS, TUNED):
        limit = series.median(name, lambda run: distance(run, attained[series.case.device, run.dtype]))
        memory = series.median(name, lambda run: run.peak_bytes) / 2**30
        against = "" if name == OURS else f"{series.speed(OURS) / series.speed(name):.1f} x"
        dtype = series.runs[name][0].dtype
        yield f"| {name} | {series.speed(name):,.0f} | {against} | {memory:.2f} | {dtype} | {limit:.1%} |"
    yield ""
    yield f"| | operations | {' | '.join(FACTORS.values())} | hardware |"
    yield "|---|--:" + "|--:" * len(FACTORS) + "|--:|"
    for name in (OURS, THEIRS, TUNED):
        factors = series.runs[name][0].factors
        limit = series.median(name, lambda run: distance(run, attained[series.case.device, run.dtype]))
        shares = " | ".join(f"{asdict(factors)[key]:.2f}" for key in FACTORS)
        yield f"| {name} | {factors.eta:.2f} | {shares} | {limit / factors.eta:.2f} |"


def distance(run: Measurement, attained: float) -> float:
    """Say how near a run comes to what the machine can do: needed operations by those of a product."""
    return run.tokens_per_second * run.needed / attained
