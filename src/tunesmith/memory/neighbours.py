"""Nearest-neighbour language model (Khandelwal et al., 2020, https://arxiv.org/abs/1911.00172)."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from tunesmith.core.cards import Encoded
from tunesmith.core.contracts import Memory
from tunesmith.core.disk import Disk
from tunesmith.core.errors import BadData, BadRecipe
from tunesmith.core.memory import Changed, Contents, Forward, Reader, Recall, Remembered
from tunesmith.memory import _contents, _datastore, _store
from tunesmith.memory._datastore import Datastore
from tunesmith.memory._manifest import Manifest
from tunesmith.memory._mixture import tune
from tunesmith.memory._recall import Mixing, observe
from tunesmith.memory._store import Store

KIND = "neighbours"


@dataclass(frozen=True, kw_only=True)
class Neighbours(Memory):
    """Make likelier what came next where the model was in a similar state before.

    A state is what the model has made of all that was read so far. Every token of the rows is kept with the
    state before it; the nearest of them vote for the next token by how near they are, and what they say is
    mixed with what the model says: weight * neighbours + (1 - weight) * model.
    """

    k: Annotated[int, Field(ge=1, le=4096, description="How many neighbours are asked.")] = 256
    weight: Annotated[
        float | None,
        Field(ge=0, lt=1, description="How much neighbours count; unset: tuned on validation rows."),
    ] = None
    temperature: Annotated[
        float | None,
        Field(gt=0, description="How much farther ones count; unset: tuned on validation rows."),
    ] = None
    state: Annotated[
        Literal["feed_forward", "output"],
        Field(
            description="What is compared: what enters the last feed-forward layer, or the model's output."
        ),
    ] = "feed_forward"
    keys: Annotated[
        Literal["float16", "float32"],
        Field(description="How states are kept; what rounding moves is measured."),
    ] = "float16"
    index: Annotated[
        Literal["exact", "faiss"],
        Field(description="Compare with all, or from 10,000 tokens on with nearby clusters (faiss)."),
    ] = "exact"
    probes: Annotated[int, Field(ge=1, description="How many clusters faiss looks into.")] = 32

    def add(self, rows: Sequence[Remembered], folder: Path, reader: Reader, disk: Disk) -> Changed:
        """Keep the wanted tokens of rows with the states before them; what is kept is written row by row.

        What was tuned stays as it is.
        """
        blank = Manifest(
            kind=KIND,
            made_with=reader.made_with,
            about=self._about(),
            columns=_datastore.columns(self.keys),
        )
        pieces = _datastore.pieces(rows, _forward(reader), self.state, self.keys)
        return _store.add(folder, blank, [row.key for row in rows], pieces, self._finish, disk)

    def remove(
        self, folder: Path, disk: Disk, keys: Collection[str] = (), sources: Collection[str] = ()
    ) -> Changed:
        """Forget rows: to the bit, the memory is then one that never read them. What was tuned stays."""
        return _store.remove(_store.read(folder, KIND), keys, sources, self._finish, disk)

    def contents(self, folder: Path) -> Contents:
        """List the rows; the size of each is how many of its tokens are kept."""
        store = _store.read(folder, KIND)
        sizes = (row.entries for row in store.rows)
        tuned = (f"{name} {store.manifest.tuned[name]:.3g}" for name in self._left_open(store))
        return Contents(_contents.listed(store.rows, sizes), "tokens", " and ".join(tuned))

    def says(self, row: Remembered) -> str:
        """Fingerprint the token sequences of a row."""
        return _contents.joined(_datastore.digest(sequence) for sequence in row.sequences)

    def tune(self, rows: Sequence[Encoded], folder: Path, reader: Reader, disk: Disk) -> str:
        """Choose the weight, and the temperature if it is unset, that make held-out rows likeliest.

        Rows that are in the memory as well do not recall themselves. Weight 0 is the model alone, so on
        these rows the memory makes nothing worse. Raises BadData where no token of the rows is wanted.
        """
        if self.weight is not None and self.temperature is not None:
            return ""
        if not any(row.trained for row in rows):
            raise BadData(
                "The weight of neighbours cannot be tuned: no held-out token is wanted. Hold rows out."
            )
        datastore = self._datastore(_store.read(folder, KIND, reader.made_with))
        observed = observe(datastore, _forward(reader), rows, self.state)
        found = tune(observed, self.weight, self.temperature)
        _store.settle(datastore.store, asdict(found), disk)
        return (
            f"{self.k} neighbours weigh {found.weight:.3g} at temperature {found.temperature:.3g}: "
            f"held-out rows cost {found.loss:.4f} nats per token, {found.without:.4f} without them"
        )

    def open(self, folder: Path, reader: Reader) -> Recall:
        """Map the memory from the disk; raises BadRecipe where weight or temperature were never chosen."""
        store = _store.read(folder, KIND, reader.made_with)
        datastore = self._datastore(store)
        weight = store.manifest.tuned.get("weight") if self.weight is None else self.weight
        temperature = (
            store.manifest.tuned.get("temperature") if self.temperature is None else self.temperature
        )
        if weight is None or temperature is None:
            raise BadRecipe(
                f"How much the memory in {folder} counts was never tuned. Set memory.neighbours.weight and "
                "temperature, or hold validation rows out and tune them."
            )
        return Mixing(datastore, self.state, weight, temperature)

    def _left_open(self, store: Store) -> list[str]:
        """Name the options that were chosen on held-out rows."""
        options = {"weight": self.weight, "temperature": self.temperature}
        return [name for name, given in options.items() if given is None and name in store.manifest.tuned]

    def _datastore(self, store: Store) -> Datastore:
        store.check_options(self._about())
        return Datastore.of(store, self.k, self.probes)

    def _about(self) -> dict[str, str]:
        return {"state": self.state, "keys": self.keys, "index": self.index}

    def _finish(self, store: Store) -> dict[str, float]:
        return _datastore.finish(store, self.k, self.probes)


def _forward(reader: Reader) -> Forward:
    assert reader.forward is not None, "neighbours are found by what a model computes"
    return reader.forward
