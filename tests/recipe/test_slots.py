"""Every selection of the card is a slot, and every place has a type."""

from typing import Any, get_args

import pytest

from tunesmith.core.recipe import Criterion, Data, Recipe, Selection
from tunesmith.recipe.slots import SLOTS, Keys, dotted, hint, is_list, is_section, registry_at, type_at


def selections(keys: Keys = ()) -> list[Keys]:
    """Find every place of the card that names a component, or a list of them."""
    found: list[Keys] = []
    for key in type_at(keys).model_fields:
        kind = type_at((*keys, key))
        if kind is Selection or Selection in get_args(kind):
            found.append((*keys, key))
        elif is_section(kind):
            found += selections((*keys, key))
    return found


def test_every_selection_of_the_card_has_a_registry() -> None:
    assert len(SLOTS) == 10
    assert sorted(map(dotted, selections())) == sorted(map(dotted, SLOTS))


@pytest.mark.parametrize("keys", SLOTS)
def test_every_slot_s_room_exists_and_can_be_listed(keys: Keys) -> None:
    assert isinstance(SLOTS[keys].names(), list)


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        ((), Recipe),
        (("data",), Data),
        (("success", 0), Criterion),
        (("method",), Selection),
        (("evaluation", "metrics", 1), Selection),
        (("method", "rank"), Any),
        (("data", "source", "columns", 0), Any),
        (("seed",), int),
    ],
)
def test_every_place_has_a_type(keys: Keys, kind: object) -> None:
    assert type_at(keys) == kind


@pytest.mark.parametrize("keys", [("epochs",), (0,), ("success", "metric"), ("training", 0)])
def test_a_place_that_the_card_does_not_have_is_a_key_error(keys: Keys) -> None:
    with pytest.raises(KeyError):
        type_at(keys)


def test_sections_and_lists_are_told_from_values() -> None:
    assert is_section(Recipe)
    assert not is_section(Selection)
    assert is_list(type_at(("success",)))
    assert is_list(type_at(("evaluation", "metrics")))
    assert not is_list(type_at(("training", "max_steps")))


def test_a_position_in_a_list_does_not_change_which_components_fit() -> None:
    assert registry_at(("evaluation", "metrics", 3)).room == "evaluation.metric"


def test_a_misspelt_key_is_compared_with_its_neighbours() -> None:
    assert hint(("training", "epoch")).startswith(" Did you mean 'epochs'? Known: epochs, max_steps")


def test_a_key_that_stands_elsewhere_is_pointed_to() -> None:
    assert hint(("epochs",)) == " Did you mean 'training.epochs'?"
    assert hint(("max_tokens",)) == " Did you mean 'data.max_tokens' or 'evaluation.max_tokens'?"
