"""A file somewhere else: https, the stores of clouds (s3, gs, az), each read by fsspec."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field

from tunesmith.core.contracts import Source
from tunesmith.core.errors import BadOption
from tunesmith.core.example import BadRow, Example, Kind
from tunesmith.core.hashing import hash_file, hash_value
from tunesmith.data.source._columns import UNSET, ColumnsOption
from tunesmith.data.source._kept import Kept
from tunesmith.data.source._refused import excerpt
from tunesmith.data.source.csv import Delimiter
from tunesmith.data.source.file import FORMATS, TEXT_SUFFIXES, File, Separator
from tunesmith.data.source.json import RowsOption

WEB = ("https", "http")
STORES = ("s3", "s3a", "gs", "gcs", "az", "abfs")
LOCAL = ("file", "memory")
"""How a URL begins; others, and one inside another (`a::b`), could lead anywhere."""

SUFFIXES = (*(suffix for form in FORMATS for suffix in form.suffixes), *TEXT_SUFFIXES)
GIBIBYTE = 1024**3


@dataclass(frozen=True, kw_only=True)
class Url(Source):
    """Fetch one file from a URL (https, s3, gs, az, file) and read it as its suffix says.

    Nothing is fetched unless `allow` is true. An https URL must lead to the open Internet, and is not
    followed to another host; proxies are not used. Keys for stores come from the environment, as their
    libraries read them.
    """

    url: Annotated[str, Field(min_length=1, description="Where the file is, such as https://host/rows.csv.")]
    allow: Annotated[bool, Field(description="Fetch it; without this, nothing is read from elsewhere.")] = (
        False
    )
    allow_private: Annotated[
        bool, Field(description="Allow addresses of this machine and of private networks, and http there.")
    ] = False
    most_bytes: Annotated[int, Field(ge=1, description="The largest file that is fetched.")] = 2 * GIBIBYTE
    most_seconds: Annotated[float, Field(gt=0, description="The longest that an https URL may take.")] = 3600
    folder: Annotated[
        Path | None,
        Field(description="Where the file is kept and found again; unset: fetched anew each time."),
    ] = None
    suffix: Annotated[
        str | None,
        Field(
            pattern=r"^\.[a-z0-9]{1,8}$", description="How to read it, such as .csv; unset: as it is called."
        ),
    ] = None
    columns: ColumnsOption = UNSET
    rows: RowsOption = None
    delimiter: Delimiter = None
    separator: Separator = None

    def gives(self) -> Kind:
        """Say which kind of example the rows hold; raises BadData if there is nothing to read."""
        return self._kept().gives()

    def reads_as(self) -> str:
        """Say in a sentence where the file is from and how it is read."""
        kept = self._kept()
        return f"{kept.name}, {Path(kept.place).stat().st_size:,} bytes: {kept.reads_as()}"

    def fingerprint(self) -> str:
        """Change with every byte of the file that was fetched, and with every option."""
        options = {name: repr(value) for name, value in vars(self).items() if name != "folder"}
        return hash_value([type(self).__name__, options, hash_file(Path(self._kept().place))])

    def read(self) -> Iterator[Example | BadRow]:
        """Give every row or document in order; its place is in the file as the URL calls it."""
        return self._kept().read()

    def _kept(self) -> Kept:
        parts = urlsplit(self.url)
        if parts.scheme not in LOCAL and not self.allow:
            remedy = "Nothing is fetched from there unless data.source.allow=true says so."
            raise BadOption(f"data.source.allow: the URL leads to another machine. {remedy}")
        if parts.scheme not in WEB and (parts.scheme not in (*STORES, *LOCAL) or "::" in self.url):
            known = ", ".join(f"{scheme}://" for scheme in (WEB[0], *STORES, *LOCAL))
            raise BadOption(f"data.source.url: it must begin with one of {known}, and hold no other URL.")
        place = parts.netloc.rpartition("@")[2] + parts.path
        suffix = self.suffix or Path(place).suffix.lower()
        if suffix not in SUFFIXES:
            remedy = "Say how to read it, such as data.source.suffix=.csv."
            raise BadOption(f"data.source.url: its name does not say what it is. {remedy}")
        path = self._fetched(suffix)
        file = File(
            path=path,
            columns=self.columns,
            rows=self.rows,
            delimiter=self.delimiter,
            separator=self.separator,
        )
        return Kept(file, str(path), excerpt(f"{parts.scheme}://{place}"))

    def _fetched(self, suffix: str) -> Path:
        # Loaded late: what speaks to a network is loaded where it does.
        from tunesmith.data.source._download import Reach
        from tunesmith.data.source._fetched import fetched

        reach = Reach(
            most_bytes=self.most_bytes, most_seconds=self.most_seconds, allow_private=self.allow_private
        )
        return fetched(self.url, suffix, self.folder, reach)
