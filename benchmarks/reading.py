"""Measure how fast JSON lines become dictionaries: ours, which refuses what is not strict JSON, and others.

    python -m benchmarks reading --out FILE

makes files of short and of long rows, of conversations, and of rows with numbers and lists; each is read by
all in turn, several times, and the median counts, in seconds of the processor. `--gigabytes 2` also makes a
file of that size and says how much memory reading it takes, in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

ROOT = Path(__file__).parents[1]
MEGABYTE = 10**6

SAID = (
    "the of and a to in is you that it he was for on are as with "
    "his they at be this have from or one had by not what all were we when "
    'your can said there use an each which she do how their if will up "other" note: '
    "about out many then them these so some"
)
WORDS = SAID.split()

Row = Mapping[str, Any]


def text(chance: random.Random, length: int) -> str:
    """Make a text of about so many characters, with quotes, colons and line ends in places."""
    said = []
    while length > 0:
        said.append(chance.choice(WORDS) + chance.choice(("", "", "", "", "", "", ",", ".", ".\n")))
        length -= len(said[-1]) + 1
    return " ".join(said)


def short(chance: random.Random) -> Row:
    """A prompt and an answer: about 100 bytes."""
    return {"prompt": text(chance, 28), "completion": text(chance, 32)}


def long(chance: random.Random) -> Row:
    """A prompt and an answer: about 700 bytes."""
    return {"prompt": text(chance, 210), "completion": text(chance, 440)}


def chat(chance: random.Random) -> Row:
    """A conversation of five turns: about 700 bytes."""
    roles = ("system", "user", "assistant", "user", "assistant")
    return {"messages": [{"role": role, "content": text(chance, 95)} for role in roles]}


def mixed(chance: random.Random) -> Row:
    """Texts beside numbers and a list: about 250 bytes."""
    numbers = {"id": chance.randrange(10**6), "n": chance.random()}
    return {**numbers, "prompt": text(chance, 60), "completion": text(chance, 90), "tags": ["a", "b"]}


KINDS: Mapping[str, Callable[[random.Random], Row]] = {
    "short": short,
    "long": long,
    "chat": chat,
    "mixed": mixed,
}


def write(file: Path, kind: str, size: int) -> None:
    """Write rows of a kind, a file of `size` bytes and the rest of a row; the same every time."""
    chance, made = random.Random(kind), 0
    with file.open("wb") as out:
        while made < size:
            made += out.write(json.dumps(KINDS[kind](chance), ensure_ascii=False).encode() + b"\n")


def ours(file: Path) -> Iterator[Any]:
    """Read strictly, each row with the number of its line and the offset of its first byte."""
    from tunesmith.data.source._objects import objects

    with file.open("rb") as stream:
        yield from objects(stream)


def orjson(file: Path) -> Iterator[Any]:
    """Parse line by line with the fastest parser there is."""
    import orjson  # pyright: ignore[reportMissingImports]  # only measured

    with file.open("rb") as stream:
        yield from map(orjson.loads, stream)


def standard(file: Path) -> Iterator[Any]:
    """Parse line by line with the parser that comes with Python."""
    with file.open("rb") as stream:
        yield from map(json.loads, stream)


def datasets(file: Path) -> Iterator[Any]:
    """Stream with the library of Hugging Face."""
    from datasets import load_dataset  # pyright: ignore[reportMissingImports]  # only measured

    yield from load_dataset("json", data_files=str(file), split="train", streaming=True)


READERS: Mapping[str, Callable[[Path], Iterator[Any]]] = {
    "ours": ours,
    "orjson": orjson,
    "json": standard,
    "datasets": datasets,
}


@dataclass(frozen=True)
class Measured:
    """How many rows and bytes of a kind somebody reads in a second."""

    who: str
    kind: str
    rows: int
    bytes: int
    seconds: float

    def __str__(self) -> str:
        rows, megabytes = self.rows / self.seconds, self.bytes / self.seconds / MEGABYTE
        each = 1e6 * self.seconds / self.rows
        return (
            f"{self.kind}, {self.bytes / self.rows:.0f} bytes a row, {self.who}: {each:.2f} us a row, "
            f"{rows:,.0f} rows/s, {megabytes:,.0f} MB/s"
        )


def measure(folder: Path, kind: str, size: int, rounds: int) -> list[Measured]:
    """Have all read the same file in turn, so often, and give the median of each."""
    file = folder / f"{kind}.jsonl"
    write(file, kind, size)
    seconds: dict[str, list[float]] = {who: [] for who in READERS}
    rows: dict[str, int] = {}
    for _ in range(rounds):
        for who, read in READERS.items():
            started = process_time()
            rows[who] = sum(1 for _ in read(file))
            seconds[who].append(process_time() - started)
    assert len(set(rows.values())) == 1, rows
    return [Measured(who, kind, rows[who], file.stat().st_size, median(seconds[who])) for who in READERS]


def peak(folder: Path, size: int) -> tuple[int, int, int]:
    """Read a file of so many bytes as examples, in a process of its own.

    Give its rows, and the bytes that the process held after the first row and at most.
    """
    file = folder / "large.jsonl"
    write(file, "long", min(size, 200 * MEGABYTE))
    with file.open("r+b") as grown:  # what is written once is enough to be read often
        once = grown.read()
        grown.seek(0, os.SEEK_END)
        for _ in range(size // len(once) - 1):
            grown.write(once)
    command = [sys.executable, "-m", "benchmarks.reading", "--read", str(file)]
    ended = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    file.unlink()
    rows, before, most = map(int, ended.stdout.split())
    return rows, before, most


def held() -> int:
    """Say how many bytes this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def read_all(file: Path) -> tuple[int, int, int]:
    """Read a file as examples; give their number, and the memory held after the first and at most."""
    from tunesmith.data.source.jsonl import Jsonl

    rows = Jsonl(path=file).read()
    next(rows)
    before = held()
    return 1 + sum(1 for _ in rows), before, held()


def main(arguments: Sequence[str]) -> int:
    """Measure, and say what came out."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks reading", description=__doc__)
    parser.add_argument("--megabytes", type=float, default=20, help="size of each file (20)")
    parser.add_argument("--rounds", type=int, default=9, help="how often each is read (9)")
    parser.add_argument("--gigabytes", type=float, help="read a file of this size, and watch the memory")
    parser.add_argument("--out", type=Path, help="where the JSON goes")
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    wanted = parser.parse_args(arguments)
    os.environ["HF_HUB_OFFLINE"] = "1"
    if wanted.read:
        print(*read_all(wanted.read))
        return 0
    measured: list[Measured] = []
    with TemporaryDirectory() as folder:
        os.environ["HF_DATASETS_CACHE"] = str(Path(folder) / "cache")
        for kind in KINDS:
            measured += measure(Path(folder), kind, int(wanted.megabytes * MEGABYTE), wanted.rounds)
            _say(measured[-len(READERS) :])
        if wanted.gigabytes:
            rows, before, most = peak(Path(folder), int(wanted.gigabytes * 1000 * MEGABYTE))
            print(
                f"{wanted.gigabytes:g} GB, {rows:,} rows: {most / 2**20:,.0f} MiB at most, "
                f"{before / 2**20:,.0f} MiB after the first row"
            )
    if wanted.out:
        wanted.out.write_text(json.dumps([asdict(one) for one in measured], indent=1), encoding="utf-8")
    return 0


def _say(measured: Sequence[Measured]) -> None:
    for one in measured:
        share = one.seconds / measured[0].seconds
        print(one if one.who == "ours" else f"{one}; ours has {share:.2f} of its speed")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
