"""Measure training against TRL.

    python -m benchmarks training --out FILE

writes everything to FILE as JSON and tables beside it, or to `--page`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.case import QUICK, Case, choose
from benchmarks.contestant.settings import CANDIDATES
from benchmarks.measure import ROOT
from benchmarks.series import Series, run
from benchmarks.shape import SHAPES
from benchmarks.table import best_products, page
from benchmarks.workload import WORKLOADS


def main(arguments: Sequence[str]) -> int:
    """Measure the chosen cases; after each, write what there is. Gives the exit code."""
    wanted = _parser().parse_args(arguments)
    machine = _machine()
    cases = _cases(wanted, has_gpu=machine["gpu"] is not None)
    if not cases:
        sys.stderr.write("No case has this workload and this shape. All there are: --all.\n")
        return 2
    repetitions, candidates = (1, CANDIDATES[:1]) if wanted.quick else (wanted.repetitions, CANDIDATES)
    done: list[Series] = []
    for case in cases:
        done.append(run(case, repetitions, candidates, _say))
        _write(wanted.out, done, machine)
        text = page(done, machine, repetitions, _command(arguments))
        (wanted.page or wanted.out.with_suffix(".md")).write_text(text, encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", choices=["training"])
    parser.add_argument("--out", type=Path, required=True, help="where the JSON goes")
    parser.add_argument("--page", type=Path, help="where the tables go; unset: beside the JSON")
    parser.add_argument("--workload", choices=sorted(WORKLOADS), help="only cases with this workload")
    parser.add_argument("--shape", choices=sorted(SHAPES), help="only cases with this shape")
    parser.add_argument("--all", action="store_true", help="every case, not only those of the documents")
    parser.add_argument("--quick", action="store_true", help="one small case, once")
    parser.add_argument("--repetitions", type=int, default=3, help="runs of each contestant (3)")
    return parser


def _cases(wanted: argparse.Namespace, *, has_gpu: bool) -> Sequence[Case]:
    if wanted.quick:
        return [QUICK]
    return choose(has_gpu=has_gpu, everything=wanted.all, workload=wanted.workload, shape=wanted.shape)


def _machine() -> dict[str, Any]:
    """Describe the machine from another process: this one must load no torch."""
    program = "import json; from benchmarks.machine import describe; print(json.dumps(describe()))"
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return json.loads(ended.stdout)


def _write(out: Path, done: Sequence[Series], machine: dict[str, Any]) -> None:
    products = {f"{device} {dtype}": speed for (device, dtype), speed in best_products(done).items()}
    whole = {"machine": machine, "products": products, "series": [series.to_json() for series in done]}
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(whole, indent=1), encoding="utf-8")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _command(arguments: Sequence[str]) -> str:
    """Give the command without the folders of this machine."""
    shown = [argument if "/" not in argument else "FILE" for argument in arguments]
    return " ".join(["python -m benchmarks", *shown])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
