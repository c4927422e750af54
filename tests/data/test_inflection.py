"""A word takes the place of another in the same form, or not at all."""

import pytest

from tunesmith.data.inflection import Inflection, with_ending, with_s
from tunesmith.data.wordnet import WordNet
from wordnet_files import SMALL


@pytest.fixture(scope="module")
def inflection(tmp_path_factory: pytest.TempPathFactory) -> Inflection:
    return Inflection(WordNet(SMALL.write(tmp_path_factory.mktemp("wordnet"))))


@pytest.mark.parametrize(
    ("form", "others"),
    [
        ("car", ("auto",)),
        ("Cars", ("Autos",)),
        ("CAR", ()),
        ("cAr", ()),
        ("large", ("big",)),
        ("buys", ("purchases",)),
        ("buying", ("purchasing",)),
        ("stopped", ()),  # the lemma of a doubled consonant is not looked for
        ("halting", ("stopping",)),
        ("halted", ("stopped",)),
        ("tries", ("attempts",)),
        ("attempted", ("tried",)),
        ("geese", ()),
        ("bank", ()),
        ("quickly", ()),
        ("order", ("arrange",)),
        ("unheard", ()),
        ("have", ()),
    ],
)
def test_the_form_is_kept(inflection: Inflection, form: str, others: tuple[str, ...]) -> None:
    assert inflection.alternatives(form) == others


@pytest.mark.parametrize(
    ("word", "plural"),
    [("box", "boxes"), ("city", "cities"), ("day", "days"), ("wish", "wishes"), ("bus", "buses")],
)
def test_plurals_are_regular(word: str, plural: str) -> None:
    assert with_s(word) == plural


@pytest.mark.parametrize(
    ("word", "past", "doing"),
    [
        ("stop", "stopped", "stopping"),
        ("try", "tried", "trying"),
        ("play", "played", "playing"),
        ("use", "used", "using"),
        ("order", "ordered", "ordering"),
        ("fix", "fixed", "fixing"),
        ("need", "needed", "needing"),
    ],
)
def test_verbs_are_regular(word: str, past: str, doing: str) -> None:
    assert (with_ending(word, "ed"), with_ending(word, "ing")) == (past, doing)
