"""A package, loaded and ready to answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tunesmith.core.cards import Decoding, Message, Model
from tunesmith.core.contracts import Backend
from tunesmith.core.errors import BadBase
from tunesmith.export import read as packages
from tunesmith.export.manifest import Base
from tunesmith.generation.backend.local import Local
from tunesmith.lifecycle.probe import LOADERS


@dataclass(frozen=True)
class Loaded:
    """A model that answers; `generate` gives the whole answer, `stream` its pieces as they come."""

    model: Model
    backend: Backend

    def generate(self, prompt: str | Sequence[Message], decoding: Decoding | None = None) -> str:
        """Answer a question or a conversation that ends with a user turn; greedily unless told otherwise."""
        ids = self.model.chat.encode_prompt(_turns(prompt))
        (completion,) = self.backend.generate(self.model, [ids], decoding or Decoding())
        return completion.text

    def stream(self, prompt: str | Sequence[Message], decoding: Decoding | None = None) -> Iterator[str]:
        """Answer piece by piece; the pieces together are what `generate` gives."""
        ids = self.model.chat.encode_prompt(_turns(prompt))
        for piece in self.backend.stream(self.model, ids, decoding or Decoding()):
            yield piece.text


def load(folder: Path) -> Loaded:
    """Load a package after verifying every file of it; raises DamagedFile or BadBase."""
    model = packages.load(folder, LOADERS)
    return Loaded(model, Local())


def load_base(wanted: Base) -> Model:
    """Load the very base that a package was made from; raises BadBase where it is gone or changed."""
    tried: list[str] = []
    for place in dict.fromkeys(wanted.places):
        try:
            model = LOADERS.model(wanted.name, LOADERS.find(place))
        except BadBase as error:
            tried.append(str(error))
            continue
        if model.fingerprint == wanted.fingerprint:
            return model
        tried.append(f"{model.folder} is another model, or has changed since.")
    raise BadBase(f"The base {wanted.name!r} is not there: {' '.join(tried)} Put that base back.")


def _turns(prompt: str | Sequence[Message]) -> Sequence[Message]:
    return (Message("user", prompt),) if isinstance(prompt, str) else prompt
