from dataclasses import FrozenInstanceError

import pytest

from tunesmith.core.example import Message
from tunesmith.core.memory import Changed, Passage, Reader, Remembered, Shown


@pytest.mark.parametrize(
    "card",
    [
        Remembered("key"),
        Changed(),
        Reader("model"),
        Passage("key", "", "text", 1.0),
        Shown((Message("user", "Hi"),)),
    ],
)
def test_a_card_does_not_change(card: object) -> None:
    name = next(iter(type(card).__dataclass_fields__))  # type: ignore[attr-defined]  # every card is a dataclass
    with pytest.raises(FrozenInstanceError):
        setattr(card, name, None)


def test_what_is_not_given_is_nothing() -> None:
    assert Remembered("key") == Remembered("key", source="", text="", sequences=())
    assert Shown(()).passages == Shown(()).left_out == ()
    assert Reader("model").forward is Reader("model").embed is None
