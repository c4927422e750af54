"""Models that cleaners and augmenters may ask: the base for how alike texts are, any other to write.

Nothing is loaded before it is asked, and nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunesmith.core.audit import Given
from tunesmith.core.cards import Decoding, Model
from tunesmith.core.example import Message
from tunesmith.generation.backend.local import Local
from tunesmith.model.find import find, read_config, seen_from
from tunesmith.model.load import load
from tunesmith.model.translator import Translator, load_translator

if TYPE_CHECKING:
    from numpy.typing import NDArray

TEXTS_AT_ONCE = 32
MOST_TOKENS = 256
"""The longest answer that is written, and the beginning of a text that its vector is made of."""


@dataclass
class ModelsAtHand:
    """The models of one preparation; `folder` is where relative paths are seen from."""

    base: Path
    folder: Path
    seed: int
    say: Callable[[str], None]
    loaded: dict[str, Model | Translator] = field(default_factory=dict)

    def given(self) -> Given:
        """Give what cleaners and augmenters are given; nothing is held out yet."""
        return Given((), self.embed, self.write)

    def embed(self, texts: Sequence[str]) -> NDArray[Any]:
        """Average the base's last hidden states over each text: float32 [texts, width], each of length 1."""
        model = self._model(str(self.base))
        assert isinstance(model, Model)  # a base is a model of one kind or other, or it was refused before
        return embed_with(model)(texts)

    def write(self, name: str, texts: Sequence[str]) -> list[str]:
        """Have a model answer each text: a chat model a question, a sequence-to-sequence model its input."""
        model = self._model(seen_from(self.folder, name))
        if isinstance(model, Translator):
            return model.translate(texts, MOST_TOKENS)
        prompts = [model.chat.encode_prompt((Message("user", text),)) for text in texts]
        decoding = Decoding(max_tokens=MOST_TOKENS, temperature=0.7, top_p=0.95, seed=self.seed)
        return [completion.text for completion in Local().generate(model, prompts, decoding)]

    def _model(self, name: str) -> Model | Translator:
        if name not in self.loaded:
            self.say(f"loading {name}")
            folder = find(name)
            is_pair = bool(read_config(folder).get("is_encoder_decoder"))
            self.loaded[name] = load_translator(folder) if is_pair else load(name, folder)
        return self.loaded[name]


def embed_with(model: Model) -> Callable[[Sequence[str]], NDArray[Any]]:
    """Give what averages a model's last hidden states over texts: float32 [texts, width], of length 1."""
    import numpy as np

    def embed(texts: Sequence[str]) -> NDArray[Any]:
        if not texts:
            return np.zeros((0, 0), np.float32)
        order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
        vectors: list[Any] = [None] * len(texts)
        for start in range(0, len(order), TEXTS_AT_ONCE):
            some = order[start : start + TEXTS_AT_ONCE]
            for number, vector in zip(some, _pooled(model, [texts[one] for one in some]), strict=True):
                vectors[number] = vector
        return np.stack(vectors)

    return embed


def _pooled(model: Model, texts: Sequence[str]) -> NDArray[Any]:
    import numpy as np
    import torch

    rows = [list(model.chat.encode_document(text).ids)[: min(MOST_TOKENS, model.context)] for text in texts]
    longest = max(map(len, rows))
    device = model.network.device
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows], device=device)
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows], device=device)
    with torch.no_grad():
        states = model.network.base_model(input_ids=ids, attention_mask=mask).last_hidden_state
    weights = mask.unsqueeze(-1).to(states.dtype)
    means = (states * weights).sum(1) / weights.sum(1)
    vectors = torch.nn.functional.normalize(means.float(), dim=1).cpu().numpy()
    return np.ascontiguousarray(vectors, np.float32)
