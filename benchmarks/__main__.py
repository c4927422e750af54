"""Measure training against TRL.

    python -m benchmarks training --out FILE

writes everything to FILE as JSON and tables beside it, or to `--page`. What FILE holds already is not
measured again: a benchmark that was interrupted goes on, and more cases can be added.

`preparing`, `reading` and `similarity` in place of `training` measure these; each takes `--help`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.case import QUICK, Case, choose
from benchmarks.contestant.settings import CANDIDATES
from benchmarks.measure import ROOT
from benchmarks.series import Series, run
from benchmarks.shape import SHAPES
from benchmarks.table import best_products, page
from benchmarks.workload import WORKLOADS

OTHERS = ("preparing", "reading", "similarity")
"""What is measured by a module of that name."""


def main(arguments: Sequence[str]) -> int:
    """Measure what is named first; gives the exit code."""
    if arguments and arguments[0] in OTHERS:
        return import_module(f"benchmarks.{arguments[0]}").main(arguments[1:])
    return training(arguments)


def training(arguments: Sequence[str]) -> int:
    """Measure the chosen cases that FILE does not hold yet; after each, write all. Gives the exit code."""
    wanted = _parser().parse_args(arguments)
    machine = _machine()
    cases = _cases(wanted, has_gpu=machine["gpu"] is not None)
    if not cases:
        sys.stderr.write("No case has this workload and this shape. All there are: --all.\n")
        return 2
    repetitions, candidates = (1, CANDIDATES[:1]) if wanted.quick else (wanted.repetitions, CANDIDATES)
    result = Result(machine, repetitions)
    if wanted.out.is_file() and not result.take(json.loads(wanted.out.read_text(encoding="utf-8"))):
        sys.stderr.write(
            f"{wanted.out} is of another machine, engine, libraries or repetitions. Choose another file.\n"
        )
        return 2
    result.commands.append(_command(arguments))
    missing = [case for case in cases if case not in [series.case for series in result.series]]
    for case in [*missing, None]:  # the page is written anew even where nothing is missing
        if case is not None:
            result.series.append(run(case, repetitions, candidates, _say))
        result.write(wanted.out, wanted.page or wanted.out.with_suffix(".md"))
    return 0


@dataclass
class Result:
    """What was measured so far on one machine, and by which commands."""

    machine: Mapping[str, Any]
    repetitions: int
    commands: list[str] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)

    def take(self, stored: Mapping[str, Any]) -> bool:
        """Take in what a file holds; False, and nothing taken, if it cannot be compared."""
        same = {name: value for name, value in self.machine.items() if name != "products"}
        theirs = {name: value for name, value in stored["machine"].items() if name != "products"}
        if (theirs, stored["repetitions"]) != (same, self.repetitions):
            return False
        self.commands = list(stored["commands"])
        self.series = [Series.from_json(one) for one in stored["series"]]
        return True

    def write(self, out: Path, page_file: Path) -> None:
        """Write everything as JSON, and the tables."""
        products = {
            f"{device} {dtype}": speed for (device, dtype), speed in best_products(self.series).items()
        }
        whole = {
            "machine": self.machine,
            "repetitions": self.repetitions,
            "commands": self.commands,
            "products": products,
            "series": [series.to_json() for series in self.series],
        }
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(whole, indent=1), encoding="utf-8")
        commands = "\n".join(dict.fromkeys(self.commands))
        text = page(self.series, self.machine, self.repetitions, commands)
        page_file.write_text(text, encoding="utf-8")


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


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _command(arguments: Sequence[str]) -> str:
    """Give the command without the folders of this machine."""
    shown = [argument if "/" not in argument else "FILE" for argument in arguments]
    return " ".join(["python -m benchmarks", *shown])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
