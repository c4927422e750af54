"""Put one bad line at a random place into a file of good ones, and see whether just this one is named.

    python tests/bad_line_trials.py --rows 1000000 --trials 20

Prints a line for every trial and ends with 1 if another line was named, or another place.
"""

import argparse
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from tunesmith.core.example import BadRow
from tunesmith.data.source.jsonl import Jsonl

BAD = {
    "not valid JSON": (
        b'{"prompt": "p", "completion": "c",}\n',
        b"{'prompt': 'p', 'completion': 'c'}\n",
        b'{"prompt": "p", "completion": "c"\n',
        b'{"prompt": "p", "completion": "c"}{"prompt": "p", "completion": "c"}\n',
        b"hello\n",
        b"}\n",
    ),
    "duplicate key": (b'{"prompt": "p", "prompt": "q", "completion": "c"}\n',),
    "number not finite": (b'{"prompt": "p", "completion": "c", "n": 1e999}\n',),
    "nested too deeply": (b'{"prompt": "p", "completion": "c", "x": ' + b"[" * 32 + b"]" * 32 + b"}\n",),
    "not a JSON object": (b'["p", "c"]\n',),
    "not UTF-8": (b'{"prompt": "caf\xe9", "completion": "c"}\n',),
    "NUL character": (
        b'{"prompt": "\0", "completion": "c"}\n',
        b'{"prompt": "\\u0000", "completion": "c"}\n',
    ),
    "lone surrogate": (b'{"prompt": "\\ud83d", "completion": "c"}\n',),
    "empty answer": (b'{"prompt": "p", "completion": " "}\n',),
    "missing field": (b'{"prompt": "p"}\n',),
    "line too long": (b'{"prompt": "' + b"x" * 9_000_000 + b'", "completion": "c"}\n',),
}


@dataclass(frozen=True)
class Trial:
    """One bad line: why it is bad, where it stands, and what was named in a file of so many rows."""

    reason: str
    line: int
    byte: int
    rows: int
    named: tuple[tuple[str, int, int | None], ...]

    @property
    def succeeded(self) -> bool:
        """Was the bad line named with its place and reason, and no other?"""
        return self.named == ((self.reason, self.line, self.byte),)


def trial(file: Path, rows: int, reason: str, chance: random.Random) -> Trial:
    """Write a file of so many rows, one of which is bad, and read it."""
    bad_line, byte = chance.randint(1, rows), 0
    with file.open("wb") as out:
        for line in range(1, rows + 1):
            if line == bad_line:
                byte = out.tell()
                out.write(chance.choice(BAD[reason]))
            else:
                out.write(_good(line))
    found, named = 0, []
    for row in Jsonl(path=file).read():
        found += 1
        if isinstance(row, BadRow):
            named.append((row.reason, row.place.line, row.place.byte))
    assert found == rows
    return Trial(reason, bad_line, byte, rows, tuple(named))


def _good(line: int) -> bytes:
    """Write a row whose length depends on its number, with quotes, colons and letters beyond ASCII."""
    row = {"prompt": f"Question {line}: wo ist \u201eÜ\u201c?", "completion": 'A "b": c. ' * (line % 17 + 1)}
    return json.dumps(row, ensure_ascii=line % 2 == 0).encode() + b"\n"


def main(arguments: Sequence[str]) -> int:
    """Try so often, with every reason in turn."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--trials", type=int, default=len(BAD))
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args(arguments)
    chance, failed = random.Random(wanted.seed), 0
    with TemporaryDirectory() as folder:
        for number in range(wanted.trials):
            started = perf_counter()
            done = trial(Path(folder) / "rows.jsonl", wanted.rows, list(BAD)[number % len(BAD)], chance)
            failed += not done.succeeded
            said = "named" if done.succeeded else f"NOT NAMED, but {done.named}"
            where = f"line {done.line:,} of {done.rows:,}, byte {done.byte:,}"
            sys.stdout.write(f"{done.reason}: {where}: {said} ({perf_counter() - started:.0f} s)\n")
            sys.stdout.flush()
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
