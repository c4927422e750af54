"""A folder of documents: text, Markdown, PDF and Word files, each read as its suffix says."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from tunesmith.core.contracts import Source
from tunesmith.core.errors import BadData, BadOption
from tunesmith.core.example import BadRow, Example, Kind, Place
from tunesmith.core.hashing import hash_file, hash_value
from tunesmith.data.source._documents import documents
from tunesmith.data.source._sections import sections
from tunesmith.data.source.docx import Docx
from tunesmith.data.source.pdf import Pdf

READ = (".txt", ".md", ".pdf", ".docx")
ROWS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".tab", ".parquet")
"""Files of rows, whose columns are to be said: a folder does not guess them."""


@dataclass(frozen=True, kw_only=True)
class Folder(Source):
    """Read every .txt, .md, .pdf and .docx file below a folder, in the order of their names.

    Files of rows are refused; what else is there is left out and counted. Hidden files and folders are left
    out, and links that lead out of the folder. A file that cannot be read is one row that cannot be used.
    """

    path: Annotated[Path, Field(description="The folder.")]
    pattern: Annotated[
        str, Field(min_length=1, description="Which files, such as *.md, or **/*.md with the folders below.")
    ] = "**/*"
    document: Annotated[
        Literal["file", "part"],
        Field(
            description="What a document is: each file, or each part: a page of a .pdf, what stands below a "
            "heading of level 1 or 2 of a .md or .docx."
        ),
    ] = "file"
    separator: Annotated[
        str | None,
        Field(
            min_length=1, description="What stands between documents in .txt and .md files; unset: nothing."
        ),
    ] = None

    def gives(self) -> Kind:
        """Say which kind of example the rows hold; raises BadData if there is no file to read."""
        self._files()
        return "text"

    def reads_as(self) -> str:
        """Say in a sentence which files are read and how, and how to have them read otherwise."""
        parts = {"file": "each file is a document", "part": "each section or page is a document"}
        other = {"file": "part", "part": "file"}[self.document]
        said = f"folder with {_counted(self._files())}; {parts[self.document]}"
        said += f" (data.source.document={other} changes it)"
        if self.separator is not None:
            said += f"; text is parted at {self.separator!r}"
        left = [path for path in self._found() if path.suffix.lower() not in READ]
        return f"{said}; left out: {_counted(left)}" if left else said

    def fingerprint(self) -> str:
        """Change with every name and byte of the files that are read, and with every option."""
        options = {name: repr(value) for name, value in vars(self).items()}
        try:
            files = [[path.relative_to(self.path).as_posix(), hash_file(path)] for path in self._files()]
        except OSError as error:
            raise BadData(
                f"{error.filename} cannot be read: {error.strerror}. Check its permissions."
            ) from error
        return hash_value([type(self).__name__, options, files])

    def read(self) -> Iterator[Example | BadRow]:
        """Give every document, file by file."""
        for path in self._files():
            try:
                yield from self._documents(path)
            except BadData as error:
                remedy = "Mend the file, or leave it out with data.source.pattern=... or data.bad_rows=drop."
                yield BadRow(Place(str(path), 1), "file cannot be read", str(error), remedy)

    def _documents(self, path: Path) -> Iterator[Example | BadRow]:
        suffix, whole = path.suffix.lower(), self.document == "file"
        if suffix == ".pdf":
            return Pdf(path=path, document="file" if whole else "page").read()
        if suffix == ".docx":
            return Docx(path=path, document="file" if whole else "section").read()
        if suffix == ".md" and not whole and self.separator is None:
            return sections(path)
        return documents(path, self.separator)

    def _files(self) -> list[Path]:
        found = self._found()
        if rows := [path for path in found if path.suffix.lower() in ROWS]:
            remedy = (
                "Read it by its path, and several together with data.source.name=mix; or leave it out here "
            )
            raise BadData(f"{rows[0]} is a file of rows. {remedy}with data.source.pattern=...")
        read = [path for path in found if path.suffix.lower() in READ]
        if not read:
            there = f" Found: {_counted(found)}." if found else ""
            known = f"Known: {', '.join(READ)}."
            raise BadData(f"{self.path} holds no file to read that fits {self.pattern!r}.{there} {known}")
        return read

    def _found(self) -> list[Path]:
        """List what fits the pattern, in the order of the names below the folder."""
        if not self.path.is_dir():
            what = "is a file. Read it with data.source.name=file" if self.path.exists() else "is not there"
            raise BadData(f"{self.path} {what}. Give a folder.")
        pattern = Path(self.pattern)
        if pattern.is_absolute() or ".." in pattern.parts:
            raise BadOption(
                "data.source.pattern: it must not lead out of the folder. Write one such as **/*.md."
            )
        root = self.path.resolve()
        try:
            found = [path for path in self.path.glob(self.pattern) if _belongs(path, self.path, root)]
        except ValueError as error:
            raise BadOption(f"data.source.pattern: {error}. Write one such as **/*.md.") from None
        return sorted(found, key=lambda path: path.relative_to(self.path).as_posix())


def _belongs(path: Path, folder: Path, root: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return not hidden and path.is_file() and path.resolve().is_relative_to(root)


def _counted(files: Iterable[Path]) -> str:
    suffixes = Counter(path.suffix.lower() or "no suffix" for path in files)
    several = ", ".join(f"{number:,} {suffix}" for suffix, number in suffixes.most_common())
    return f"{suffixes.total():,} {'file' if suffixes.total() == 1 else 'files'} ({several})"
