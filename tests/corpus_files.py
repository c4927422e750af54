"""Files that a data reader meets, and what reading each gives: `tests/data/corpus/*.txt`.

A corpus is a sequence of cases:

    # a comma behind the last item
    file: rows.jsonl
        <pair>
        {"prompt": "p", "completion": "c",}\\n
    > rows.jsonl:2 (byte 35): not valid JSON: ...

The indented lines are the file's content, put together without line ends: those are written with a backslash,
as is every byte that does not show. `<pair>` is a good row of JSON, `<90 of ab>` is `ab` ninety times. `file:
rows.jsonl, utf-16` encodes the content. Behind each `>` stands a row, or an error: what reading gives.

    python tests/corpus_files.py

writes anew what reading gives. Then read the difference: every message is meant for somebody.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tunesmith.core.errors import TunesmithError
from tunesmith.core.example import BadRow, Example
from tunesmith.data.source.file import File

CORPUS = Path(__file__).parent / "data" / "corpus"
PAIR = rb'{"prompt": "p", "completion": "c"}\n'

_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"0": b"\0", b"\\": b"\\"}
_ESCAPE = re.compile(rb"\\(?:x([0-9a-f]{2})|([nrt0\\]))")
_REPEATED = re.compile(rb"<(\d+) of (.+?)>")


@dataclass(frozen=True)
class Case:
    """A file: what it shows, its name, the encoding of its content as written, and what reading it gives."""

    title: str
    name: str
    encoding: str
    written: tuple[str, ...]
    gives: tuple[str, ...]

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        raw = "".join(self.written).encode().replace(b"<pair>", PAIR)
        raw = _REPEATED.sub(lambda found: int(found[1]) * found[2], raw)
        raw = _ESCAPE.sub(
            lambda found: bytes.fromhex(found[1].decode()) if found[1] else _ESCAPES[found[2]], raw
        )
        return raw if self.encoding == "utf-8" else raw.decode().encode(self.encoding)

    def __str__(self) -> str:
        encoding = "" if self.encoding == "utf-8" else f", {self.encoding}"
        content = "".join(f"    {line}\n" for line in self.written)
        return f"# {self.title}\nfile: {self.name}{encoding}\n{content}" + "".join(
            f"> {line}\n" for line in self.gives
        )


def cases(corpus: str) -> list[Case]:
    """Read the cases of one file of the corpus."""
    blocks = (CORPUS / corpus).read_text(encoding="utf-8").strip("\n").split("\n\n")
    return [_case(block.split("\n")) for block in blocks]


def outcome(case: Case) -> Iterator[str]:
    """Write a case into the working folder, read it, and say what comes: rows and errors, as text."""
    path = Path(case.name)
    path.write_bytes(case.content)
    try:
        for row in File(path=path).read():
            yield str(row) if isinstance(row, BadRow) else _described(row)
    except TunesmithError as error:
        yield f"{type(error).__name__}: {error}"


def _case(lines: list[str]) -> Case:
    title, file, *rest = lines
    name, _, encoding = file.removeprefix("file: ").partition(", ")
    written = tuple(line[4:] for line in rest if line.startswith("    "))
    gives = tuple(line[2:] for line in rest if line.startswith("> "))
    assert len(written) + len(gives) == len(rest), title
    return Case(title.removeprefix("# "), name, encoding or "utf-8", written, gives)


def _described(row: Example) -> str:
    """Show all that a row holds, with what is long only counted."""
    turns = [
        f"{turn.role}{'' if turn.weight else ' (not learned)'} {_shown(turn.content)}"
        for turn in row.messages
    ]
    parts = [
        *turns,
        *([f"text {_shown(row.text)}"] if row.text else []),
        *(f"label {_shown(x)}" for x in row.labels),
    ]
    return f"{row.place}: {' | '.join(parts)}"


def _shown(text: str) -> str:
    return ascii(text) if len(text) <= 60 else f"{text[:20]!a} and {len(text) - 20:,} more characters"


def main() -> None:
    """Write what reading gives into every file of the corpus."""
    for file in sorted(CORPUS.glob("*.txt")):
        renewed = []
        for case in cases(file.name):
            with TemporaryDirectory() as folder, chdir(folder):
                renewed.append(str(replace(case, gives=tuple(outcome(case)))))
        file.write_text("\n".join(renewed), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
