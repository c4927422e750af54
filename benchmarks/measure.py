"""One measurement in a process of its own, so that its peak memory is its own.

    python -m benchmarks.measure OUT < JOB

The parent loads no torch: what a process holds when it starts another counts as held by that one, too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks.case import Case
from benchmarks.contestant.settings import Ours, Settings, Theirs
from benchmarks.floor import Costs, Factors, needed
from benchmarks.machine import attained, cores

if TYPE_CHECKING:
    from benchmarks.contestant.trained import Trained

ROOT = Path(__file__).parents[1]


class Failed(RuntimeError):
    """A measurement did not end well; the message is the end of what its process said."""


@dataclass(frozen=True)
class Job:
    """What is to be measured: a case, and who trains on it."""

    case: Case
    settings: Settings

    def to_json(self) -> dict[str, Any]:
        """Give plain values."""
        return {"case": asdict(self.case), type(self.settings).__name__: asdict(self.settings)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Job:
        """Take back what `to_json` gave."""
        (found,) = (kind(**values[kind.__name__]) for kind in (Ours, Theirs) if kind.__name__ in values)
        return cls(Case(**values["case"]), found)


@dataclass(frozen=True)
class Measurement:
    """What one run showed. `tokens` and `seconds` are those of all steps but the first.

    `attained` is what one matrix product in `dtype` attained just before, `needed` the operations that the
    case needs per token, both in operations (per second); `factors` part those that were executed.
    """

    tokens: int
    seconds: float
    peak_bytes: int
    losses: Sequence[float]
    gradient_norms: Sequence[float]
    dtype: str
    attained: float
    needed: float
    factors: Factors
    notes: Sequence[str]

    @property
    def tokens_per_second(self) -> float:
        """Tokens of the data, without padding, per second of training."""
        return self.tokens / self.seconds

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Measurement:
        """Take back what `dataclasses.asdict` gave."""
        return cls(**{**values, "factors": Factors(**values["factors"])})


def measure(job: Job) -> Measurement:
    """Measure in a fresh process, with all cores; raises Failed."""
    threads = str(cores())
    environment = {
        **os.environ,
        **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), threads),
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
    with TemporaryDirectory() as folder:
        out = Path(folder) / "measurement.json"
        command = [sys.executable, "-m", "benchmarks.measure", str(out)]
        ended = subprocess.run(
            command,
            input=json.dumps(job.to_json()),
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            raise Failed(f"ended with {ended.returncode}: {ended.stderr[-2000:]}")
        return Measurement.from_json(json.loads(out.read_text(encoding="utf-8")))


def main(out: Path, job: Job) -> None:
    """Do the job here and write the measurement."""
    import torch

    from benchmarks.gauge import peak_bytes

    torch.set_num_threads(cores())
    trained = _train(job)
    measurement = _measurement(job.case, trained, peak_bytes(job.case.device))
    out.write_text(json.dumps(asdict(measurement)), encoding="utf-8")


def _train(job: Job) -> Trained:
    if isinstance(job.settings, Ours):
        from benchmarks.contestant import ours

        return ours.run(job.case, job.settings)
    from benchmarks.contestant import trl

    return trl.run(job.case, job.settings)


def _measurement(case: Case, trained: Trained, peak: int) -> Measurement:
    workload, shape, change = case.of
    trunk = 1 / workload.epochs
    if len(trained.ends) < 2:
        raise ValueError("the first step is not counted, and there was no other")
    assert len(trained.ends) == len(trained.tokens) == len(trained.losses)
    costs, wanted = Costs(shape, change), needed(case.plans)
    return Measurement(
        tokens=sum(trained.tokens[1:]),
        seconds=trained.ends[-1] - trained.ends[0],
        peak_bytes=peak,
        losses=trained.losses,
        gradient_norms=trained.gradient_norms,
        dtype=trained.dtype,
        attained=attained(case.device, trained.dtype),
        needed=costs.needed(wanted, trunk) / sum(trained.tokens),
        factors=costs.factors(trained.ran, trained.repeated, wanted, trunk),
        notes=trained.notes,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Job.from_json(json.load(sys.stdin)))
