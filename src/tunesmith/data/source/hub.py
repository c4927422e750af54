"""A data set of the Hugging Face hub, held to one commit (https://huggingface.co/docs/hub/datasets)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from glob import escape
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import Field

from tunesmith.core.contracts import Source
from tunesmith.core.errors import BadData, BadOption, TunesmithError
from tunesmith.core.example import BadRow, Example, Kind
from tunesmith.core.hashing import hash_value
from tunesmith.data.source._columns import UNSET, ColumnsOption
from tunesmith.data.source._hub_files import ALL, choose
from tunesmith.data.source._kept import Kept
from tunesmith.data.source._refused import excerpt
from tunesmith.data.source.csv import Delimiter
from tunesmith.data.source.file import File
from tunesmith.data.source.json import RowsOption

SUFFIXES = (".parquet", ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".txt")
NOT_ROWS = ("dataset_infos.json", "dataset_info.json", "state.json", "config.json")
PAGE = "README.md"


@dataclass(frozen=True, kw_only=True)
class Hub(Source):
    """Read a data set of the Hugging Face hub: its Parquet, JSONL, JSON, CSV and text files.

    What is fetched stays in the hub's own cache; with HF_HUB_OFFLINE=1 nothing else is read. Programs that
    come with a data set are never run.
    """

    repository: Annotated[
        str, Field(min_length=1, description="The data set, such as org/name, or org/name@revision.")
    ]
    subset: Annotated[
        str | None, Field(description="One of its subsets; unset: the only one, or the default.")
    ] = None
    split: Annotated[
        str, Field(description=f"Which split; {ALL}: all, each row with its own in the column split.")
    ] = "train"
    columns: ColumnsOption = UNSET
    rows: RowsOption = None
    delimiter: Delimiter = None

    def gives(self) -> Kind:
        """Say which kind of example the rows hold; raises BadData if files differ in it."""
        kinds: dict[Kind, str] = {}
        for kept, _ in self._files():
            kinds.setdefault(kept.gives(), kept.name)
        if len(kinds) > 1:
            said = ", ".join(f"{name} gives {kind}" for kind, name in kinds.items())
            raise BadData(f"{self.repository} holds files of several kinds: {said}. Choose one subset.")
        return next(iter(kinds))

    def reads_as(self) -> str:
        """Say in a sentence which files of which commit are read, and how."""
        fetched = self._fetched()
        files = f"{len(fetched.files):,} {'file' if len(fetched.files) == 1 else 'files'}"
        splits = ", ".join(dict.fromkeys(split for _, split, _ in fetched.files))
        first, _ = next(self._files())
        pinned = f"{self.repository.partition('@')[0]}@{fetched.commit}"
        said = f"data set {pinned}, {files} of {splits}; {first.reads_as()}"
        return f"{said}; left out: {', '.join(fetched.left_out)}" if fetched.left_out else said

    def fingerprint(self) -> str:
        """Change with the commit, the files that are chosen, and every option."""
        fetched, options = self._fetched(), {name: repr(value) for name, value in vars(self).items()}
        return hash_value(
            [type(self).__name__, options, fetched.commit, [file for file, *_ in fetched.files]]
        )

    def read(self) -> Iterator[Example | BadRow]:
        """Give every row, file by file; places are in the files as the hub calls them."""
        for kept, split in self._files():
            for row in kept.read():
                if self.split == ALL and isinstance(row, Example):
                    yield replace(row, fields={**row.fields, "split": split})
                else:
                    yield row

    def _files(self) -> Iterator[tuple[Kept, str]]:
        for name, split, path in self._fetched().files:
            file = File(path=path, columns=self.columns, rows=self.rows, delimiter=self.delimiter)
            yield Kept(file, str(path), f"{self.repository}/{name}"), split

    def _fetched(self) -> "_Fetched":
        return _fetched(self.repository, self.subset, self.split)


class _Fetched(NamedTuple):
    """A commit, and the chosen files: their names, splits, and where they lie.

    `left_out` are files that could be read, but are of another form than the chosen ones.
    """

    commit: str
    files: tuple[tuple[str, str, Path], ...]
    left_out: tuple[str, ...]


@cache
def _fetched(repository: str, subset: str | None, split: str) -> _Fetched:
    """Fetch the chosen files, once in a process: all that is asked later is asked of the same commit."""
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    try:
        return _fetch(repository, subset, split)
    except TunesmithError:
        raise
    except GatedRepoError:
        terms = "the hub gives it to those who agreed to its terms"
        remedy = "Ask for access on its page, and log in: hf auth login."
        raise BadData(f"{repository} is gated: {terms}. {remedy}") from None
    except RevisionNotFoundError:
        raise BadData(f"{repository}: the hub has no such revision. Check what stands after the @.") from None
    except RepositoryNotFoundError:
        remedy = "Check the name; for a private one, log in: hf auth login."
        raise BadData(f"{repository}: the hub shows no such data set. {remedy}") from None
    except Exception as error:  # the hub's client passes on what the libraries below it raise
        raise BadData(_unreachable(repository, error)) from error


def _unreachable(repository: str, error: Exception) -> str:
    if _is_offline():
        remedy = "Fetch it once without HF_HUB_OFFLINE=1."
        return f"{repository} is not, or not whole, in the hub's cache on this machine. {remedy}"
    reason = excerpt(str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__)
    remedy = "Check the name and the network; what was fetched before is read with HF_HUB_OFFLINE=1."
    return f"{repository} cannot be fetched from the hub: {reason}. {remedy}"


def _fetch(repository: str, subset: str | None, split: str) -> _Fetched:
    from huggingface_hub import snapshot_download

    name, _, revision = repository.partition("@")
    folder = Path(
        snapshot_download(name, repo_type="dataset", revision=revision or None, allow_patterns=[PAGE])
    )
    commit, page = folder.name, folder / PAGE
    files = _readable(repository, _listed(name, folder))
    try:
        parts = choose(page.read_text("utf-8", "replace") if page.is_file() else "", files, subset, split)
    except BadOption as error:
        hint = " With HF_HUB_OFFLINE=1 only files that were fetched before count." if _is_offline() else ""
        raise BadOption(f"{error}{hint}") from None
    wanted = [escape(part.file) for part in parts]
    folder = Path(snapshot_download(name, repo_type="dataset", revision=commit, allow_patterns=wanted))
    forms = {Path(part.file).suffix.lower() for part in parts}
    left_out = tuple(file for file in files if Path(file).suffix.lower() not in forms)
    return _Fetched(commit, tuple((part.file, part.split, folder / part.file) for part in parts), left_out)


def _listed(name: str, folder: Path) -> list[str]:
    """List the files of a commit: as the hub says, or without it, those that are here."""
    from huggingface_hub import HfApi

    if _is_offline():
        return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    return HfApi().list_repo_files(name, repo_type="dataset", revision=folder.name)


def _is_offline() -> bool:
    from huggingface_hub import constants

    return constants.HF_HUB_OFFLINE


def _readable(repository: str, files: list[str]) -> list[str]:
    """Keep the files of rows, in the order of their names; raises BadData where there are none."""
    inside = [file for file in files if ".." not in file.split("/") and not file.startswith("/")]
    found = [
        file for file in sorted(inside) if file.lower().endswith(SUFFIXES) and Path(file).name not in NOT_ROWS
    ]
    if found:
        return found
    if any(file.endswith(".py") for file in files):
        remedy = f"The hub may keep a copy as Parquet: {repository.partition('@')[0]}@refs/convert/parquet."
        raise BadData(f"{repository} is made by a program of its own, which is never run. {remedy}")
    others = ", ".join(sorted(files)[:5]) or "nothing"
    raise BadData(f"{repository} holds no file of rows ({', '.join(SUFFIXES)}), but {others}.")
