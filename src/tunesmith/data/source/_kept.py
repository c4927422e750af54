"""Files that were fetched: they lie in one place, and people know them by the name of another."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from tunesmith.core.contracts import Source
from tunesmith.core.errors import BadData, BadOption
from tunesmith.core.example import BadRow, Example, Kind


@dataclass(frozen=True)
class Kept:
    """A source of one fetched file: `place` is where it lies, `name` what it is called."""

    source: Source
    place: str
    name: str

    def gives(self) -> Kind:
        """Say which kind of example its rows hold."""
        with self._called_by_its_name():
            return self.source.gives()

    def reads_as(self) -> str:
        """Say in a sentence how it is read."""
        with self._called_by_its_name():
            return self.source.reads_as()

    def read(self) -> Iterator[Example | BadRow]:
        """Give every row, its place in the file of that name."""
        with self._called_by_its_name():
            for row in self.source.read():
                yield replace(row, place=replace(row.place, file=self.name))

    @contextmanager
    def _called_by_its_name(self) -> Iterator[None]:
        try:
            yield
        except (BadData, BadOption) as error:
            raise type(error)(str(error).replace(self.place, self.name)) from error
