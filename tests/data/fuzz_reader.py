"""Read mutated files until something unforeseen happens: `make fuzz`, or with options

    python tests/data/fuzz_reader.py --runs 1000000

The first byte of an input says which reader gets the rest. With atheris (https://github.com/google/atheris)
the mutations follow the code that they reach; `--blind`, or where it is not installed, they do not. What is
found is written to `--found` as the file that was read.
"""

import argparse
import json
import random
import sys
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))


def load(blind: bool) -> ModuleType | None:
    """Import what is tested, watched by atheris if it is there and wanted."""
    try:
        if blind:
            raise ImportError
        import atheris
    except ImportError:
        import tunesmith.data.mend

        return None
    with atheris.instrument_imports(include=["tunesmith.data"]):
        import tunesmith.data.mend  # noqa: F401
    return atheris


class Readers:
    """All readers, each over a file in one folder; an input is a byte that chooses and the file's content."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.use = (
            *(self.jsonl, self.json, self.csv, self.tsv, self.text, self.documents),
            *(self.mend_lines, self.mend_array, self.mend_table, self.mend_text),
        )

    def __call__(self, data: bytes) -> None:
        """Read one input; raises AssertionError where the reader does not do what it says."""
        if data:
            self.use[data[0] % len(self.use)](data[1:])

    def jsonl(self, content: bytes) -> None:
        """Every line that is not blank is a row, at its place; reading at once and line by line agree."""
        from tunesmith.data.source.jsonl import Jsonl

        path = self._write("rows.jsonl", content)
        rows = self._read(Jsonl(path=path))
        self._agree(content)
        if rows is not None:
            body = content.removeprefix(b"\xef\xbb\xbf")
            lines = [line for line in BytesIO(body) if not line.isspace()]
            assert len(rows) == len(lines), (len(rows), len(lines))
            for row, line in zip(rows, lines, strict=True):
                start = row.place.byte or 0
                assert content[start : start + len(line)] == line, row.place

    def json(self, content: bytes) -> None:
        """Every value of an array is a row, at its place, as far as another parser knows."""
        from tunesmith.data.source.json import Json

        rows = self._read(Json(path=self._write("rows.json", content)))
        try:
            values = json.loads(content)
        except (ValueError, RecursionError):
            return
        if isinstance(values, list) and rows is not None:
            assert len(rows) == len(values), (len(rows), len(values))

    def csv(self, content: bytes) -> None:
        """Every record is a row, at a place of its own."""
        from tunesmith.data.source.csv import Csv

        self._read(Csv(path=self._write("rows.csv", b"prompt,completion\n" + content)))

    def tsv(self, content: bytes) -> None:
        """The header comes from the input as well."""
        from tunesmith.data.source.csv import Csv

        self._read(Csv(path=self._write("rows.tsv", content)))

    def text(self, content: bytes) -> None:
        """A file is one document."""
        from tunesmith.data.source.file import File

        rows = self._read(File(path=self._write("notes.txt", content)))
        assert rows is None or len(rows) == 1

    def documents(self, content: bytes) -> None:
        """What stands between separators is a document, unless it is white space."""
        from tunesmith.data.source.file import File

        rows = self._read(File(path=self._write("notes.md", content), separator="--"))
        body = content.removeprefix(b"\xef\xbb\xbf")
        assert rows is None or len(rows) == len([part for part in body.split(b"--") if part.strip()])

    def mend_lines(self, content: bytes) -> None:
        """JSON lines are mended."""
        self._mend("rows.jsonl", "clean.jsonl", content)

    def mend_array(self, content: bytes) -> None:
        """An array becomes lines."""
        self._mend("rows.json", "clean.jsonl", content)

    def mend_table(self, content: bytes) -> None:
        """A table is mended."""
        self._mend("rows.csv", "clean.csv", content)

    def mend_text(self, content: bytes) -> None:
        """A text is mended."""
        self._mend("notes.txt", "clean.txt", content)

    def _mend(self, name: str, copy: str, content: bytes) -> None:
        """What is mended is read without a bad row, and the original stays."""
        from tunesmith.core.errors import TunesmithError
        from tunesmith.core.example import Example
        from tunesmith.data.mend import mend
        from tunesmith.data.source.file import File

        path, target = self._write(name, content), self.folder / copy
        try:
            found = mend(path, target, str)
            rows = list(File(path=target).read())
            assert all(isinstance(row, Example) for row in rows)
            assert len(rows) == (1 if target.suffix == ".txt" else found.kept)
        except TunesmithError as error:
            _check_said(str(error))
        finally:
            target.unlink(missing_ok=True)
            target.with_stem("clean.set-aside").unlink(missing_ok=True)
        assert path.read_bytes() == content
        assert [entry.name for entry in self.folder.iterdir() if entry.name.startswith(".")] == []

    def _write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def _read(self, source: Any) -> list[Any] | None:
        """Give the rows of a source, which is read to its end; None where it refuses the file as a whole."""
        from tunesmith.core.errors import BadData
        from tunesmith.core.example import BadRow, Example

        try:
            rows = list(source.read())
        except BadData as error:
            _check_said(str(error))
            return None
        places = [row.place.byte for row in rows]
        assert sorted(set(places)) == places, places
        for row in rows:
            assert isinstance(row, Example | BadRow)
            assert isinstance(row, Example) or (row.found.isprintable() and row.reason and row.remedy), row
        return rows

    def _agree(self, content: bytes) -> None:
        from tunesmith.data.source._lines import lines
        from tunesmith.data.source._objects import objects
        from tunesmith.data.source._refused import Refused
        from tunesmith.data.source._strict_json import parse_object

        def slowly() -> Iterator[tuple[int, int, Any]]:
            for number, byte, line in lines(BytesIO(content)):
                if not line.isspace():
                    try:
                        yield number, byte, parse_object(line)
                    except Refused as refused:
                        yield number, byte, refused

        assert [_shown(*row) for row in objects(BytesIO(content))] == [_shown(*row) for row in slowly()]


def _check_said(message: str) -> None:
    """An error is a sentence on one line."""
    assert message.isprintable(), message
    assert message.endswith((".", "'")), message


def _shown(number: int, byte: int, found: Any) -> tuple[int, int, str]:
    from tunesmith.data.source._refused import Refused

    if isinstance(found, Refused):
        return number, byte, f"{found.reason}: {found.found}. {found.remedy}"
    return number, byte, repr(found)


def seeds() -> list[bytes]:
    """Give inputs to begin with: the files of the corpus, for every reader that they could be meant for."""
    from corpus_files import cases

    short = [
        case for name in ("malformed.txt", "valid.txt") for case in cases(name) if len(case.content) < 2000
    ]
    kinds = {
        **{".jsonl": (0, 1, 6, 7), ".json": (1, 7), ".csv": (2, 3, 8), ".tsv": (3,)},
        **{".txt": (4, 5, 9), ".md": (4, 5)},
    }
    return [
        bytes([kind]) + case.content for case in short for kind in kinds.get(Path(case.name).suffix, (0,))
    ]


def follow_the_code(atheris: Any, readers: Readers, wanted: argparse.Namespace) -> None:
    """Let atheris choose the inputs; it ends the program."""
    corpus = readers.folder.with_name("corpus")
    corpus.mkdir()
    for number, seed in enumerate(seeds()):
        (corpus / str(number)).write_bytes(seed)
    options = [
        f"-runs={wanted.runs}",
        f"-seed={wanted.seed}",
        "-max_len=400",
        f"-artifact_prefix={wanted.found}-",
    ]
    atheris.Setup([sys.argv[0], *options, "-print_final_stats=1", str(corpus)], readers)
    atheris.Fuzz()


def mutate_blindly(readers: Readers, wanted: argparse.Namespace) -> None:
    """Overwrite, leave out, repeat and join pieces of what there is to begin with."""
    chance, inputs = random.Random(wanted.seed), seeds()
    pieces = [bytes([byte]) for byte in range(256)] + [
        data[at : at + 4] for data in inputs for at in (1, 9, 30)
    ]
    for number in range(wanted.runs):
        data = bytearray(chance.choice(inputs))
        if chance.random() < 0.3:
            data += chance.choice(inputs)[1:]
        for _ in range(chance.randint(1, 6)):
            at, size = chance.randint(0, len(data)), chance.choice((0, 0, 1, 1, 2, 8))
            data[at : at + size] = (
                b"" if chance.random() < 0.2 else chance.choice(pieces) * chance.choice((1, 1, 1, 3))
            )
        try:
            readers(bytes(data))
        except BaseException:
            wanted.found.write_bytes(data)
            sys.stderr.write(f"Run {number:,} found something: {wanted.found}\n")
            raise
        if number % 10_000 == 9_999:
            sys.stderr.write(f"{number + 1:,} files read\n")


def main(arguments: Sequence[str]) -> None:
    """Read so many files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--blind", action="store_true", help="do not follow the code that is reached")
    parser.add_argument("--found", type=Path, default=Path(gettempdir()) / "fuzz-reader-found")
    wanted = parser.parse_args(arguments)
    atheris = load(wanted.blind)
    with TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        (Path(folder) / "files").mkdir()
        readers = Readers(Path(folder) / "files")
        if atheris is None:
            mutate_blindly(readers, wanted)
        else:
            follow_the_code(atheris, readers, wanted)


if __name__ == "__main__":
    main(sys.argv[1:])
