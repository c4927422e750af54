"""Words are replaced by others that mean the same, in the same form; everything else stays."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tunesmith.core.audit import Given
from tunesmith.core.errors import BadRecipe
from tunesmith.core.example import Example
from tunesmith.data.augmenter._draw import asked
from tunesmith.data.augmenter.synonyms import Synonyms
from wordnet_files import SMALL


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return SMALL.write(tmp_path / "wordnet")


def texts(synonyms: Synonyms, rows: list[Example], given: Given, seed: int = 5) -> dict[int, str]:
    made = synonyms.augment(rows, given, seed)
    return {one.row.place.line: asked(one.row)[0] for one in made if not one.rejected}


def test_every_word_with_one_meaning_can_be_replaced(
    rows: list[Example], given: Callable[..., Given], folder: Path
) -> None:
    found = texts(Synonyms(share=1.0, rate=1.0, path=folder, check_labels=False), rows, given())
    assert found[0] == "Where can I purchase a large auto for arrange 0?"
    assert found[1] == "Please arrange the box 1, the bank is closed."
    assert found[2] == "The geese of farm 2 carry on; quickly halt them."
    assert 3 not in found  # nothing in it can be replaced


def test_a_low_rate_replaces_at_least_one_word_and_not_all(
    rows: list[Example], given: Callable[..., Given], folder: Path
) -> None:
    found = texts(Synonyms(share=1.0, rate=0.01, path=folder, check_labels=False), rows, given())
    changes = [
        sum(old != new for old, new in zip(asked(rows[line])[0].split(), text.split(), strict=True))
        for line, text in found.items()
    ]
    assert set(changes) == {1}
    assert len({text.split()[3] for line, text in found.items() if line % 4 == 0}) > 1  # chance chooses


def test_neighbours_come_from_the_data_and_are_as_alike_as_asked(
    rows: list[Example], given: Callable[..., Given]
) -> None:
    def embed(words: list[str]) -> np.ndarray:
        vectors = np.eye(len(words), dtype=np.float32)
        vectors[words.index("buy")] = vectors[words.index("want")]
        return vectors

    base = Synonyms(share=1.0, rate=1.0, words="base", check_labels=False)
    found = texts(base, rows, given(embed=embed))
    assert found[0] == "Where can I want a big car for order 0?"
    assert found[3] == "Does Anna Smith still buy her box number 3?"
    assert set(line % 4 for line in found) == {0, 3}


def test_without_wordnet_the_way_to_get_it_is_told(
    rows: list[Example], given: Callable[..., Given], tmp_path: Path
) -> None:
    with pytest.raises(BadRecipe, match="Install it"):
        list(Synonyms(path=tmp_path / "nowhere").augment(rows, given(), 1))
