"""A package, loaded and ready to answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tunesmith.core.cards import Decoding, Model
from tunesmith.core.contracts import Backend
from tunesmith.core.example import Message
from tunesmith.export import read as packages
from tunesmith.generation.backend.local import Local
from tunesmith.generation.vectors import vectors
from tunesmith.lifecycle.probe import LOADERS


@dataclass(frozen=True)
class Loaded:
    """A model that answers; `generate` gives the whole answer, `stream` its pieces as they come."""

    model: Model
    backend: Backend

    def generate(self, prompt: str | Sequence[Message], decoding: Decoding | None = None) -> str:
        """Answer a question or a conversation that ends with a user turn; greedily unless told otherwise."""
        ids = self.model.prompt(_turns(prompt))
        (completion,) = self.backend.generate(self.model, [ids], decoding or Decoding())
        return completion.text

    def stream(self, prompt: str | Sequence[Message], decoding: Decoding | None = None) -> Iterator[str]:
        """Answer piece by piece; the pieces together are what `generate` gives."""
        ids = self.model.prompt(_turns(prompt))
        for piece in self.backend.stream(self.model, ids, decoding or Decoding()):
            yield piece.text

    def embed(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """Give the vector of every text, of length 1; raises BadBase for a model that gives none."""
        return list(vectors(self.model, texts).rows)


def load(folder: Path) -> Loaded:
    """Load a package after verifying every file of it; raises DamagedFile or BadBase."""
    model = packages.load(folder, LOADERS)
    return Loaded(model, Local())


def _turns(prompt: str | Sequence[Message]) -> Sequence[Message]:
    return (Message("user", prompt),) if isinstance(prompt, str) else prompt
