"""The tree drawn in the module's docstring is the tree of the classes."""

import inspect
import re

import pytest

from tunesmith.core import errors
from tunesmith.core.errors import BadRecipe, MissingExtra, TunesmithError

LINE = re.compile(r"(?P<indent>[│├└─ ]*)(?P<name>[A-Z][A-Za-z]+) +(?P<code>[0-9]+)  (?P<sentence>.+)")


def drawn() -> dict[str, tuple[str, int, str]]:
    """Read name -> (parent, exit code, sentence) from the drawing."""
    above: dict[int, str] = {}
    tree: dict[str, tuple[str, int, str]] = {}
    for line in inspect.getdoc(errors).splitlines()[2:]:  # type: ignore[union-attr]  # the module has one
        match = LINE.fullmatch(line)
        assert match, line
        level = len(match["indent"]) // 4
        above[level] = match["name"]
        parent = above[level - 1] if level else "Exception"
        tree[match["name"]] = (parent, int(match["code"]), match["sentence"])
    return tree


def defined() -> dict[str, type[TunesmithError]]:
    """Give the classes of the module by name."""
    kinds = {name: value for name, value in vars(errors).items() if inspect.isclass(value)}
    return {name: kind for name, kind in kinds.items() if kind.__module__ == errors.__name__}


def test_every_error_is_drawn_and_every_drawn_error_exists() -> None:
    assert len(defined()) == 15
    assert drawn().keys() == defined().keys()


@pytest.mark.parametrize("name", drawn())
def test_parent_and_exit_code_are_as_drawn(name: str) -> None:
    parent, code, _ = drawn()[name]
    kind = defined()[name]
    assert [base.__name__ for base in kind.__bases__] == [parent]
    assert kind.exit_code == code


@pytest.mark.parametrize("name", drawn())
def test_the_docstring_says_what_the_drawing_says(name: str) -> None:
    def words(text: str) -> str:
        return re.sub(r"[^a-z ]", "", text.lower())

    docstring = inspect.getdoc(defined()[name])
    assert docstring
    drawn_words, said = words(drawn()[name][2]), words(docstring)
    assert set(drawn_words.split()) <= set(said.split()), (drawn_words, said)


def test_a_missing_extra_says_what_to_install() -> None:
    assert str(MissingExtra("metric bleu", "metrics")) == (
        "metric bleu needs an extra that is not installed: pip install 'tunesmith[metrics]'"
    )


def test_catching_a_bad_recipe_catches_its_kinds() -> None:
    assert sorted(kind.__name__ for kind in BadRecipe.__subclasses__()) == [
        "BadBase",
        "BadOption",
        "UnknownName",
    ]
