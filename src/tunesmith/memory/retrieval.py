"""Retrieval-augmented prompting, in its simplest form (Lewis et al., 2020, https://arxiv.org/abs/2005.11401)."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from tunesmith.core.contracts import Memory
from tunesmith.core.disk import Disk
from tunesmith.core.errors import BadOption
from tunesmith.core.example import Message
from tunesmith.core.hashing import hash_text
from tunesmith.core.memory import (
    Changed,
    Contents,
    Forward,
    Passage,
    Processor,
    Reader,
    Recall,
    Remembered,
    Shown,
)
from tunesmith.memory import _contents, _store
from tunesmith.memory._manifest import Column, Kept, Manifest
from tunesmith.memory._passages import cut
from tunesmith.memory._store import Piece, Store
from tunesmith.memory._words import Words

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from transformers import PreTrainedModel

KIND = "passages"
SLOT = re.compile(r"\{(passages|prompt)\}")
TEXTS_AT_ONCE = 256


@dataclass(frozen=True, kw_only=True)
class Retrieval(Memory):
    """Put passages that are about the question before it, as many as there is room for."""

    rank: Annotated[
        Literal["bm25", "vectors"],
        Field(
            description="What makes a passage match: words that it shares with the question, or its vector."
        ),
    ] = "bm25"
    top: Annotated[int, Field(ge=1, description="How many passages are shown at most.")] = 3
    words: Annotated[int, Field(ge=10, description="Longest passage in words; longer texts are cut.")] = 120
    tokens: Annotated[int, Field(ge=1, description="Tokens that passages may add to a prompt.")] = 512
    template: Annotated[
        str,
        Field(description="How a prompt is written with passages: {passages} and {prompt} are filled in."),
    ] = "Passages that may help:\n\n{passages}\n\n{prompt}"

    def __post_init__(self) -> None:
        if sorted(SLOT.findall(self.template)) != ["passages", "prompt"]:
            raise BadOption("memory.retrieval.template: {passages} and {prompt} must stand in it, each once.")

    def add(self, rows: Sequence[Remembered], folder: Path, reader: Reader, disk: Disk) -> Changed:
        """Cut the text of each row into passages and keep them, with their vectors where those rank them."""
        columns = {"text": Column(dtype="|u1")}
        if self.rank == "vectors":
            columns["vectors"] = Column(dtype="<f4", per="row")
        blank = Manifest(kind=KIND, made_with=self._made_with(reader), about=self._about(), columns=columns)
        keys = [row.key for row in rows]
        return _store.add(folder, blank, keys, self._pieces(rows, reader), _store.nothing_more, disk)

    def remove(
        self, folder: Path, disk: Disk, keys: Collection[str] = (), sources: Collection[str] = ()
    ) -> Changed:
        """Forget rows with all of their passages."""
        return _store.remove(_store.read(folder, KIND), keys, sources, _store.nothing_more, disk)

    def contents(self, folder: Path) -> Contents:
        """List the rows; the size of each is how many passages it was cut into."""
        rows = _store.read(folder, KIND).rows
        return Contents(_contents.listed(rows, (1 for _ in rows)), "passages")

    def says(self, row: Remembered) -> str:
        """Fingerprint the text of a row."""
        return _contents.joined([hash_text(row.text)])

    def open(self, folder: Path, reader: Reader) -> Recall:
        """Read the passages and the words in them."""
        store = _store.read(folder, KIND, self._made_with(reader))
        store.check_options(self._about())
        if self.rank == "bm25":
            scores = Words.of(_text(store, number) for number in range(len(store.rows))).scores
        else:
            scores = _by_vectors(store, reader)
        return _Showing(self, store, scores)

    def _pieces(self, rows: Sequence[Remembered], reader: Reader) -> Iterator[Piece]:
        import numpy as np

        for row in rows:
            passages, digest = cut(row.text, self.words), hash_text(row.text)
            vectors = self._vectors(passages, reader)
            for number, passage in enumerate(passages):
                content = np.frombuffer(passage.encode("utf-8", "surrogatepass"), np.uint8)
                vector = {name: each[number : number + 1] for name, each in vectors.items()}
                yield Kept(row.key, row.source, digest, len(content)), {"text": content, **vector}

    def _vectors(self, passages: Sequence[str], reader: Reader) -> "dict[str, NDArray[Any]]":
        import numpy as np

        if self.rank == "bm25" or not passages:
            return {}
        starts, embed = range(0, len(passages), TEXTS_AT_ONCE), _embed(reader)
        parts = [embed(passages[start : start + TEXTS_AT_ONCE]) for start in starts]
        return {"vectors": np.concatenate(parts)}

    def _made_with(self, reader: Reader) -> str:
        return reader.made_with if self.rank == "vectors" else ""  # words are the same for every model

    def _about(self) -> dict[str, Any]:
        return {"rank": self.rank, "words": self.words}


@dataclass(frozen=True)
class _Showing:
    """Passages that are open to be shown."""

    options: Retrieval
    store: Store
    scores: "Callable[[str], NDArray[Any]]"

    def describe(self) -> tuple[str, ...]:
        """Say what is remembered, and how it is used."""
        rows, by = len({row.key for row in self.store.rows}), self.options.rank
        return (
            f"{len(self.store.rows):,} passages of {rows:,} rows, ranked by {by}",
            f"at most {self.options.top} are shown, in {self.options.tokens} tokens",
        )

    def show(
        self,
        messages: Sequence[Message],
        count: Callable[[Sequence[Message]], int],
        limit: int,
        own: Remembered | None = None,
    ) -> Shown:
        """Put passages before the last user turn, best first; where one does not fit, the next one may."""
        asked = max((place for place, turn in enumerate(messages) if turn.role == "user"), default=None)
        if asked is None:
            return Shown(tuple(messages))
        room = min(limit, count(messages) + self.options.tokens)
        shown, used = tuple(messages), list[Passage]()
        ranked = self._ranked(messages[asked].content, own)
        for passage in ranked:
            longer = self._filled(messages, asked, [*used, passage])
            if count(longer) <= room:
                shown, used = longer, [*used, passage]
        return Shown(shown, tuple(used), tuple(passage for passage in ranked if passage not in used))

    def scoring(self, forward: Forward) -> Forward:
        """Give the forward as it is: what is shown is in the prompt."""
        return forward

    def answering(self, network: "PreTrainedModel") -> AbstractContextManager[list[Processor]]:
        """Change no scores: what is shown is in the prompt."""
        return nullcontext([])

    def save(self, folder: Path) -> None:
        """Write the memory into a new folder, as it is."""
        self.store.save(folder)

    def _ranked(self, question: str, own: Remembered | None) -> list[Passage]:
        """Give the best passages that match at all; what says the same is given once."""
        import numpy as np

        scores = self.scores(question)
        digest = None if own is None else hash_text(own.text)
        found: dict[str, Passage] = {}
        for number in np.argsort(-scores, kind="stable"):
            row, score = self.store.rows[number], float(scores[number])
            if score <= 0 or len(found) == self.options.top:
                break
            if own is None or (row.key != own.key and row.digest != digest):
                text = _text(self.store, number)
                found.setdefault(text, Passage(row.key, row.source, text, score))
        return list(found.values())

    def _filled(
        self, messages: Sequence[Message], asked: int, passages: Sequence[Passage]
    ) -> tuple[Message, ...]:
        values = {
            "passages": "\n\n".join(passage.text for passage in passages),
            "prompt": messages[asked].content,
        }
        content = SLOT.sub(lambda slot: values[slot[1]], self.options.template)
        return (*messages[:asked], replace(messages[asked], content=content), *messages[asked + 1 :])


def _text(store: Store, number: int) -> str:
    start, end = store.ends[number : number + 2]
    return store.arrays["text"][start:end].tobytes().decode("utf-8", "surrogatepass")


def _by_vectors(store: Store, reader: Reader) -> "Callable[[str], NDArray[Any]]":
    vectors, embed = store.arrays["vectors"], _embed(reader)
    return lambda question: vectors @ embed([question])[0]


def _embed(reader: Reader) -> "Callable[[Sequence[str]], NDArray[Any]]":
    assert reader.embed is not None, "passages are ranked by their vectors"
    return reader.embed
