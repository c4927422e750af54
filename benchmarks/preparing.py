"""Measure what it takes to prepare data: ours, with every check or none, and datasets with TRL's SFTTrainer.

    python -m benchmarks preparing --rows 1000000 --out FILE

makes a file of short conversations. Each prepares it with the bundled base's tokenizer, in a process of its
own and with an empty cache, and once more with what the first time left in the cache. TRL tokenises in as
many processes as there are cores; ours reads strictly, splits, and accounts for each row as well.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.similarity import sentences

ROOT = Path(__file__).parents[1]
ANSWER = 60
"""Where a text is cut into what the user says and what is answered, in characters."""


@dataclass(frozen=True)
class Measured:
    """Seconds of somebody's first and second time, the most memory held by a process, and the tokens made."""

    who: str
    rows: int
    first: float
    again: float
    peak_bytes: int
    tokens: int

    def __str__(self) -> str:
        return (
            f"{self.who}: {self.rows:,} rows, {self.tokens:,} tokens in {self.first:,.1f} s, again in "
            f"{self.again:,.1f} s; at most {self.peak_bytes / 2**20:,.0f} MiB"
        )


def main(arguments: Sequence[str]) -> int:
    """Measure all in turn, so many times, and say the medians."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks preparing", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=1, help="how often each prepares them (1)")
    parser.add_argument("--only", choices=sorted(CONTESTANTS), help="one of them alone")
    parser.add_argument("--out", type=Path, help="where the JSON goes")
    parser.add_argument("--prepare", nargs=2, help=argparse.SUPPRESS, metavar=("WHO", "FILE"))
    wanted = parser.parse_args(arguments)
    if wanted.prepare:
        who, file = wanted.prepare
        print(json.dumps(prepared(who, Path(file))))
        return 0
    names = [wanted.only] if wanted.only else list(CONTESTANTS)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "rows.jsonl"
        write(file, wanted.rows)
        rounds = [{who: measure(who, file, wanted.rows) for who in names} for _ in range(wanted.rounds)]
    measured = [middle([one[who] for one in rounds]) for who in names]
    for one in measured:
        print(one)
    if wanted.out:
        wanted.out.write_text(json.dumps([asdict(one) for one in measured], indent=1), encoding="utf-8")
    return 0


def write(file: Path, rows: int) -> None:
    """Write conversations of two turns, 100 to 200 characters in all."""
    texts = sentences(random.Random(0))
    with file.open("w", encoding="utf-8") as lines:
        for _ in range(rows):
            text = next(texts)
            turns = {"user": text[:ANSWER], "assistant": text[ANSWER:]}
            row = {"messages": [{"role": role, "content": said} for role, said in turns.items()]}
            lines.write(json.dumps(row) + "\n")


def measure(who: str, file: Path, rows: int) -> Measured:
    """Have somebody prepare a file twice, the second time with what the first left in the cache."""
    with TemporaryDirectory() as cache:
        places = {"TUNESMITH_CACHE": cache, "HF_DATASETS_CACHE": cache, "HF_HUB_OFFLINE": "1"}
        command = [sys.executable, "-m", "benchmarks.preparing", "--prepare", who, str(file)]
        first, again = (
            json.loads(
                subprocess.run(
                    command, cwd=ROOT, check=True, stdout=subprocess.PIPE, env={**os.environ, **places}
                ).stdout.splitlines()[-1]
            )
            for _ in range(2)
        )
    return Measured(who, rows, first["seconds"], again["seconds"], first["peak_bytes"], first["tokens"])


def middle(measured: Sequence[Measured]) -> Measured:
    """Give the medians of several measurements of the same."""
    one = measured[0]
    first, again = (median(getattr(each, name) for each in measured) for name in ("first", "again"))
    return Measured(one.who, one.rows, first, again, max(each.peak_bytes for each in measured), one.tokens)


def prepared(who: str, file: Path) -> Mapping[str, float]:
    """Prepare a file here, and say what it took; what is loaded before does not count."""
    prepare = CONTESTANTS[who]()
    started = perf_counter()
    tokens = prepare(file)
    seconds = perf_counter() - started
    unit = 1 if sys.platform == "darwin" else 1024
    processes = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    peak = max(resource.getrusage(which).ru_maxrss for which in processes) * unit
    return {"seconds": seconds, "peak_bytes": peak, "tokens": tokens}


def audited() -> Callable[[Path], int]:
    """Read, check with every check, split and tokenise."""
    return _ours(skip=())


def unaudited() -> Callable[[Path], int]:
    """Read, split and tokenise."""
    from tunesmith.core.contracts import Check
    from tunesmith.core.registry import Registry

    return _ours(skip=Registry("data.check", Check).names())


def _ours(skip: Sequence[str]) -> Callable[[Path], int]:
    from tunesmith import recipe as recipes
    from tunesmith.lifecycle.assemble import look_into

    def prepare(file: Path) -> int:
        whole = {
            "name": "benchmark",
            "goal": "Prepare rows.",
            "data": {"source": {"name": "jsonl", "path": str(file)}, "audit": {"skip": list(skip)}},
        }
        dataset = look_into(recipes.read_text(json.dumps(whole), "benchmark", ())).dataset
        return dataset.ledger.tokens_in

    return prepare


def trl() -> Callable[[Path], int]:
    """Load with datasets, and have SFTTrainer render and tokenise: what it does before it trains."""
    from datasets import load_dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    from tunesmith.model.find import find

    base = find("tiny")
    model, tokenizer = AutoModelForCausalLM.from_pretrained(base), AutoTokenizer.from_pretrained(base)

    def prepare(file: Path) -> int:
        rows = load_dataset("json", data_files=str(file), split="train")
        with TemporaryDirectory() as folder:
            options = SFTConfig(
                folder, dataset_num_proc=os.cpu_count(), report_to=[], use_cpu=True, bf16=False
            )
            trainer = SFTTrainer(model, options, train_dataset=rows, processing_class=tokenizer)
        return sum(map(len, trainer.train_dataset["input_ids"]))

    return prepare


CONTESTANTS: Mapping[str, Callable[[], Callable[[Path], int]]] = {
    "audited": audited,
    "unaudited": unaudited,
    "trl": trl,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
