"""Measure the search for near duplicates: seconds, memory, and how many of the planted copies are found.

    python -m benchmarks similarity --rows 1000000 --out FILE

makes rows of 100 to 200 characters, every tenth a changed copy of an earlier one. Ours goes through all of
them, datasketch with the same bands through the first 50,000. Each works in a process of its own, so that its
peak memory is its own. Which copies are similar enough is found out in plain Python, by sets of shingles.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

ROOT = Path(__file__).parents[1]
SIMILARITY = 0.8
BANDS = (17, 7)
ROWS_OF_REFERENCE = 50_000

PLANTED = 10
"""One row in so many is a changed copy."""

REACH = 1000
"""How many rows back its original may be."""

MOST_CHANGES = 8
"""Characters that a copy has changed at most: with 4 of 150, it is 0.76 to 0.80 similar to its original."""


@dataclass(frozen=True)
class Measured:
    """What a search took, how many of the copies that are similar enough it found, and how many others."""

    who: str
    rows: int
    seconds: float
    peak_bytes: int
    planted: int
    found: int
    wrong: int

    def __str__(self) -> str:
        recall = self.found / max(self.planted, 1)
        each = 1e6 * self.seconds / self.rows
        return (
            f"{self.who}: {self.rows:,} rows in {self.seconds:,.1f} s, {each:,.0f} us each; at most "
            f"{self.peak_bytes / 2**20:,.0f} MiB; found {self.found:,} of {self.planted:,} copies "
            f"({recall:.2%}), {self.wrong:,} wrong"
        )


def main(arguments: Sequence[str]) -> int:
    """Measure both, and say what came out."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks similarity", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path, help="where the JSON goes")
    parser.add_argument("--search", nargs=3, help=argparse.SUPPRESS, metavar=("WHO", "FROM", "TO"))
    wanted = parser.parse_args(arguments)
    if wanted.search:
        who, rows, found = wanted.search
        search(who, Path(rows), Path(found))
        return 0
    measured = [measure("ours", wanted.rows), measure("datasketch", min(wanted.rows, ROWS_OF_REFERENCE))]
    for one in measured:
        print(one)
    if wanted.out:
        wanted.out.write_text(json.dumps([asdict(one) for one in measured], indent=1), encoding="utf-8")
    return 0


def measure(who: str, rows: int) -> Measured:
    """Have one of the SEARCHES go through so many rows in a fresh process."""
    with TemporaryDirectory() as folder:
        file, found = Path(folder) / "rows.txt", Path(folder) / "found.json"
        planted = plant(file, rows)
        command = [sys.executable, "-m", "benchmarks.similarity", "--search", who, str(file), str(found)]
        subprocess.run(command, cwd=ROOT, check=True)
        result = json.loads(found.read_text(encoding="utf-8"))
        copies = {int(row): of for row, of in result["copies"].items()}
        texts = chosen(file, {*copies, *copies.values()})
    wrong = sum(jaccard(texts[row], texts[of]) < SIMILARITY for row, of in copies.items())
    hits = len(planted & copies.keys())
    return Measured(who, rows, result["seconds"], result["peak_bytes"], len(planted), hits, wrong)


def plant(file: Path, rows: int) -> set[int]:
    """Write rows, one a line, and give the numbers of those that are similar enough to an earlier one."""
    chance, planted = random.Random(0), set[int]()
    originals = deque[str](maxlen=REACH)
    with file.open("w", encoding="utf-8") as lines:
        for number, text in enumerate(islice(sentences(chance), rows)):
            if number % PLANTED < PLANTED - 1:
                originals.append(text)
                lines.write(f"{text}\n")
                continue
            original = chance.choice(originals)
            copy = changed(original, chance)
            lines.write(f"{copy}\n")
            if jaccard(copy, original) >= SIMILARITY:
                planted.add(number)
    return planted


def sentences(chance: random.Random) -> Iterator[str]:
    """Write sentences of made-up words without end; few words are frequent, as in languages."""
    syllables = [first + second for first in "bcdfghklmnprstvw" for second in "aeiou"]
    words = ["".join(chance.choices(syllables, k=chance.randint(1, 4))) for _ in range(30_000)]
    weights = list(accumulate(1 / rank for rank in range(1, len(words) + 1)))
    while True:
        text = " ".join(chance.choices(words, cum_weights=weights, k=35))
        yield text[: chance.randint(100, 200)].strip()


def changed(text: str, chance: random.Random) -> str:
    """Change some characters, and perhaps the case and the white space."""
    letters = list(text)
    for place in chance.sample(range(len(letters)), chance.randint(0, MOST_CHANGES)):
        letters[place] = chance.choice("abcdefghijklmnopqrstuvwxyz ")
    copy = "".join(letters).strip()
    return chance.choice((copy, copy, copy.upper(), copy.replace(" ", "  ")))


def jaccard(one: str, other: str) -> float:
    """Compare two texts by their sets of five characters."""
    left, right = shingles(one), shingles(other)
    return len(left & right) / len(left | right)


def shingles(text: str) -> set[str]:
    """Give the pieces of five characters of a text in small letters with single blanks."""
    plain = " ".join(text.lower().split())
    return {plain[start : start + 5] for start in range(len(plain) - 4)}


def chosen(file: Path, numbers: set[int]) -> dict[int, str]:
    """Read some of the rows."""
    return {number: text for number, text in enumerate(read(file)) if number in numbers}


def read(file: Path) -> Iterator[str]:
    """Read one row after the other."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield line.removesuffix("\n")


def search(who: str, rows: Path, found: Path) -> None:
    """Search here, and write what was found and what it took."""
    started = perf_counter()
    copies = SEARCHES[who](read(rows))
    seconds = perf_counter() - started
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    found.write_text(json.dumps({"seconds": seconds, "peak_bytes": peak, "copies": copies}), encoding="utf-8")


def ours(texts: Iterator[str]) -> dict[int, int]:
    """Give each copy with its original, as the cleaner `deduplicate` finds them."""
    from tunesmith.data.similarity import near_copies

    copies = near_copies(texts, SIMILARITY)
    return {row: of for row, of in enumerate(copies.of.tolist()) if of >= 0}


def datasketch(texts: Iterator[str]) -> dict[int, int]:
    """Keep a row unless an earlier one that was kept shares a band with it and is similar."""
    from datasketch import MinHash, MinHashLSH  # pyright: ignore[reportMissingImports]  # only measured

    hashes = BANDS[0] * BANDS[1]
    index = MinHashLSH(num_perm=hashes, params=BANDS)
    kept: dict[int, str] = {}
    copies: dict[int, int] = {}
    for number, text in enumerate(texts):
        minima = MinHash(num_perm=hashes)
        minima.update_batch([shingle.encode() for shingle in shingles(text)])
        similar = [other for other in index.query(minima) if jaccard(text, kept[other]) >= SIMILARITY]
        if similar:
            copies[number] = min(similar)
        else:
            kept[number] = text
            index.insert(number, minima)
    return copies


SEARCHES: Mapping[str, Callable[[Iterator[str]], dict[int, int]]] = {"ours": ours, "datasketch": datasketch}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
