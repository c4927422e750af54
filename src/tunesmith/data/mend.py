"""Write a clean copy of a data file: what has one meaning only is mended, all else is set aside untouched.

Works in constant memory, but for one byte per row: the file is read again at every step.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, NamedTuple

from tunesmith.core.contracts import Source
from tunesmith.core.disk import Disk, is_full
from tunesmith.core.errors import BadData, BadOption, DiskFull
from tunesmith.core.example import BadRow
from tunesmith.data._json_pieces import json_pieces
from tunesmith.data._pieces import Piece, csv_pieces, text_pieces
from tunesmith.data._readable import CHUNK_BYTES, Readable, readable
from tunesmith.data.source._lines import LINE_BYTES
from tunesmith.data.source._refused import excerpt
from tunesmith.data.source.csv import TAB_SUFFIXES, Csv
from tunesmith.data.source.file import TEXT_SUFFIXES, File
from tunesmith.data.source.jsonl import Jsonl

SET_ASIDE = "set aside"
SHOWN_BYTES, SHOWN_BEFORE, COMPARED_BYTES = 400, 30, 64 * 1024

_LINES, _JSON = (".jsonl", ".ndjson"), (".jsonl", ".ndjson", ".json")
_KEPT, _ASIDE, _HEADER = range(3)


class Change(NamedTuple):
    """One thing that was done: in which line of the file, what, and how it was before and is now.

    Line 0 is the file as a whole. What was left out or set aside has nothing after; of several rows that came
    of one piece, the first is shown.
    """

    line: int
    what: str
    before: str
    after: str


@dataclass(frozen=True)
class Mended:
    """What came of a file: how many rows were kept and set aside, and how often each thing was done.

    `aside` is the file with what was set aside; None if nothing was.
    """

    kept: int
    set_aside: int
    aside: Path | None
    changes: Counter[str]


def mend(
    path: Path,
    target: Path,
    tell: Callable[[Change], object],
    rows_of: Callable[[Path], Source] = lambda path: File(path=path),
) -> Mended:
    """Write a clean copy of a JSON, CSV or text file in UTF-8 to `target`, and tell of every change in order.

    `rows_of` gives the source that reads such a file: what it still refuses is set aside as well, so that it
    reads the copy without a bad row. What is set aside goes to a file beside the target, as it stood; where
    the file as a whole had to be decoded, in UTF-8. JSON becomes JSONL. What is clean is copied byte by byte.

    Raises BadOption for a target that exists already, has another suffix or no folder, BadData for a file
    that is none of these or has no row to keep, and DiskFull; then nothing is left behind.
    """
    aside = target.with_name(f"{target.stem}.set-aside{target.suffix}")
    form = _form(path, target, rows_of(path))
    _check_free(target, aside)
    try:
        with TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
            work = _Work(path, readable(path, Path(folder)), form, Path(folder) / target.name)
            work.write_draft()
            while work.sets_bad_rows_aside(rows_of):
                work.write_draft()
            mended = work.finish(aside, tell)
            for name in (aside, target) if mended.aside else (target,):
                Disk().sync(Path(folder) / name.name)
                Disk().rename(Path(folder) / name.name, name)
    except OSError as error:
        if is_full(error):
            raise DiskFull(f"No room for {target}: {error.strerror}. Make room, try again.") from None
        said = f"{error.filename or path} cannot be read or written: {error.strerror}. Check its permissions."
        raise BadData(said) from error
    return mended


def _check_free(target: Path, aside: Path) -> None:
    if not target.parent.is_dir():
        raise BadOption(f"There is no folder {target.parent} for the copy. Make it, or choose another.")
    for taken in (target, aside):
        if taken.exists():
            raise BadOption(f"{taken} exists already, and nothing is overwritten. Choose another name.")


class _Form(NamedTuple):
    """How a file is taken apart, given its path and the codec of its odd lines; and what its pieces are."""

    pieces: Callable[[Path, str | None], Iterator[Piece]]
    has_header: bool = False
    holds_rows: bool = True


def _form(path: Path, target: Path, source: Source) -> _Form:
    suffix, wanted = path.suffix.lower(), (path.suffix.lower(),)
    delimiter = "\t" if suffix in TAB_SUFFIXES else ","
    if isinstance(source, Jsonl) or (isinstance(source, File) and suffix in _JSON):
        form, wanted = _Form(json_pieces), _LINES
    elif isinstance(source, Csv) or (isinstance(source, File) and suffix in (".csv", *TAB_SUFFIXES)):
        form = _Form(partial(csv_pieces, delimiter=source.delimiter or delimiter), has_header=True)
    elif isinstance(source, File) and suffix in TEXT_SUFFIXES:
        form = _Form(text_pieces, holds_rows=False)
    else:
        raise BadData(
            f"{path} cannot be mended: only JSON, CSV and text files can. Export it as JSONL first."
        )
    if target.suffix.lower() not in wanted:
        raise BadOption(f"{target}: the copy of {path.name} needs the suffix {' or '.join(wanted)}.")
    return form


class _Work:
    """A file on its way to a clean copy; `fates` says what becomes of every row that was found."""

    def __init__(self, path: Path, found: Readable, form: _Form, draft: Path) -> None:
        self.path, self.found, self.form, self.draft = path, found, form, draft
        self.fates = bytearray()
        self.whys: dict[int, str] = {}

    def write_draft(self) -> None:
        """Write the rows that are not set aside."""
        rows = (row for piece in self._pieces() for row in self._rows_of(piece))
        with self.draft.open("wb") as file:
            for index, row in enumerate(rows):
                if index == len(self.fates):
                    self.fates.append(_HEADER if self.form.has_header and not index else _KEPT)
                if self.fates[index] != _ASIDE:
                    file.write(row)
        if _KEPT not in self.fates:
            raise BadData(f"{self.path} has no row that can be kept. {self._first_why()}")

    def sets_bad_rows_aside(self, rows_of: Callable[[Path], Source]) -> bool:
        """Read the draft, set aside what is still refused, and say whether there was any."""
        kept = (index for index, fate in enumerate(self.fates) if fate == _KEPT)
        whys: dict[int, str] = {}
        try:
            read = rows_of(self.draft).read()
            for index, row in zip(kept, read, strict=True) if self.form.holds_rows else enumerate(read):
                if isinstance(row, BadRow):
                    whys[index] = f"{row.reason}: {row.found}"
        except BadData as error:
            raise BadData(str(error).replace(str(self.draft), str(self.path))) from None
        if whys and not self.form.holds_rows:
            raise BadData(f"{self.path} cannot be mended: {next(iter(whys.values()))}.")
        self.whys |= whys
        for index in whys:
            self.fates[index] = _ASIDE
        return bool(whys)

    def finish(self, aside: Path, tell: Callable[[Change], object]) -> Mended:
        """Tell of all changes, write what is set aside to a file beside the draft, and count."""
        changes = Counter(self.found.mended)
        for what in self.found.mended:
            tell(Change(0, what, "", ""))
        with self.found.path.open("rb") as file, (self.draft.parent / aside.name).open("wb") as rejects:
            for piece, index, size in self._touched():
                before = b"".join(_read(file, piece.byte, min(size, LINE_BYTES)))
                for why, row in self._refused(piece, index):
                    rejects.writelines(_read(file, piece.byte, size) if row is None else [row])
                    changes[SET_ASIDE] += 1
                    tell(Change(piece.line, f"{SET_ASIDE}: {why}", _excerpt(before, before), ""))
                kept = [row for at, row in enumerate(piece.rows or (), index) if self.fates[at] != _ASIDE]
                if piece.mended and (kept or not piece.rows):
                    changes.update(piece.mended)
                    after = b"".join(kept[:1])
                    shown = _excerpt(before, after), _excerpt(after, before)
                    tell(Change(piece.line, ", ".join(piece.mended), *shown))
        set_aside = changes[SET_ASIDE]
        return Mended(self.fates.count(_KEPT), set_aside, aside if set_aside else None, +changes)

    def _pieces(self) -> Iterator[Piece]:
        return self.form.pieces(self.found.path, self.found.codec)

    def _rows_of(self, piece: Piece) -> list[bytes]:
        if piece.rows is None and not self.form.holds_rows:
            raise BadData(f"{self.path} cannot be mended: line {piece.line:,}: {piece.why}.")
        return piece.rows or []

    def _touched(self) -> Iterator[tuple[Piece, int, int]]:
        """Give the pieces that do not stay as they are, each with the index of its first row and its size."""
        end, index = Piece(0, self.found.path.stat().st_size, []), 0
        for piece, following in pairwise(chain(self._pieces(), [end])):
            rows = len(piece.rows or ())
            if piece.rows is None or piece.mended or _ASIDE in self.fates[index : index + rows]:
                yield piece, index, following.byte - piece.byte
            index += rows

    def _refused(self, piece: Piece, index: int) -> list[tuple[str, bytes | None]]:
        """Say why rows of a piece are set aside, and which; None is the whole piece as it stood."""
        if piece.rows is None:
            return [(piece.why, None)]
        refused = [at for at in range(index, index + len(piece.rows)) if self.fates[at] == _ASIDE]
        return [(self.whys[at], None if len(piece.rows) == 1 else piece.rows[at - index]) for at in refused]

    def _first_why(self) -> str:
        whys = (f"The first: line {piece.line:,}: {piece.why}." for piece in self._pieces() if piece.why)
        return next(chain(whys, (f"The first: {why}." for why in self.whys.values())), "It holds none.")


def _read(file: BinaryIO, byte: int, size: int) -> Iterator[bytes]:
    file.seek(byte)
    while chunk := file.read(min(size, CHUNK_BYTES)):
        size -= len(chunk)
        yield chunk


def _excerpt(content: bytes, other: bytes) -> str:
    """Show the beginning of a text, or what is around the first difference from another."""
    pairs = enumerate(zip(content[:COMPARED_BYTES], other, strict=False))
    departs = next((at for at, (one, another) in pairs if one != another), 0)
    start = departs - SHOWN_BEFORE if content != other and departs > 2 * SHOWN_BEFORE else 0
    while content[start : start + 1] > b"\x7f" and content[start] < 0xC0:
        start -= 1  # inside a character
    shown = content[start : start + SHOWN_BYTES].decode(errors="backslashreplace").strip("\r\n")
    return excerpt(f"…{shown}" if start else shown)
