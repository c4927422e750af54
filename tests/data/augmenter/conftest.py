"""What the tests of augmenters share: rows, and what augmenters are given."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from tunesmith.core.audit import Given
from tunesmith.core.example import Example, Message, Place

TEXTS = (
    "Where can I buy a big car for order {n}?",
    "Please order the box {n}, the bank is closed.",
    "The geese of farm {n} carry on; quickly stop them.",
    "Does Anna Smith still want her box number {n}?",
)


@pytest.fixture
def rows() -> list[Example]:
    """Give labelled questions; each text has a number of its own."""
    return [
        Example(
            Place("a.csv", n),
            (
                Message("system", "Be kind."),
                Message("user", TEXTS[n % 4].format(n=n)),
                Message("assistant", "ab"[n % 2]),
            ),
            labels=("ab"[n % 2],),
        )
        for n in range(200)
    ]


@pytest.fixture
def given() -> Callable[..., Given]:
    """Make what is given: rows held out, vectors, and a model that writes."""

    def make(held_out: Sequence[Example] = (), write: Any = None, embed: Any = None) -> Given:
        return Given(held_out, embed or (lambda texts: np.eye(len(texts), dtype=np.float32)), write)

    return make
