"""Models are loaded when they are asked, once; texts are embedded and answered, whatever is beside them."""

from pathlib import Path

import numpy as np
import pytest

from tunesmith.core.errors import BadBase
from tunesmith.lifecycle.models_at_hand import TEXTS_AT_ONCE, ModelsAtHand


def at_hand(base: Path) -> tuple[ModelsAtHand, list[str]]:
    said: list[str] = []
    return ModelsAtHand(base, Path(), 3, said.append), said


def test_vectors_have_length_1_and_depend_on_their_text_alone(tiny_folder: Path) -> None:
    models, said = at_hand(tiny_folder)
    texts = [f"order {n} " * (1 + n % 5) for n in range(TEXTS_AT_ONCE + 5)]
    vectors = models.given().embed(texts)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    for number in (0, 7, TEXTS_AT_ONCE + 4):
        assert vectors[number] == pytest.approx(models.embed([texts[number]])[0], abs=1e-5)
    assert vectors[0] @ vectors[1] < 0.9999
    assert len(said) == 1
    assert models.embed([]).shape == (0, 0)


def test_a_chat_model_answers_every_text_and_is_loaded_once(tiny_folder: Path) -> None:
    models, said = at_hand(tiny_folder)
    write = models.given().write
    answers = write(str(tiny_folder), ["Hello", "Where is it?", "Hello"])
    assert len(answers) == 3
    assert write(str(tiny_folder), ["Hello", "Where is it?", "Hello"]) == answers
    assert said == [f"loading {tiny_folder}"]


def test_a_model_that_is_not_there_is_named(tiny_folder: Path, tmp_path: Path) -> None:
    models, _ = at_hand(tiny_folder)
    with pytest.raises(BadBase, match="There is no base at"):
        models.write(str(tmp_path / "nowhere"), ["Hello"])
