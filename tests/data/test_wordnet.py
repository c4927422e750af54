"""Words are found in WordNet's own files, and only where one sense is meant nearly always."""

import os
from pathlib import Path

import pytest

from tunesmith.core.errors import BadRecipe
from tunesmith.data.wordnet import USUAL, WordNet, find_wordnet
from wordnet_files import SMALL


@pytest.fixture(scope="module")
def wordnet(tmp_path_factory: pytest.TempPathFactory) -> WordNet:
    return WordNet(SMALL.write(tmp_path_factory.mktemp("wordnet")))


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("car", ("noun", ("auto",))),  # words of several parts are left out
        ("big", ("adj", ("large",))),
        ("large", ("adj", ("big",))),
        ("asleep", ("adj", ("dormant",))),
        ("quickly", ("adv", ("rapidly",))),
        ("goose", ("noun", ())),
        ("order", ("verb", ("arrange",))),  # as a verb it has 90 of 95 uses
        ("bank", ("", ())),  # two senses, equally common
        ("unheard", ("", ())),
        ("ca", ("", ())),
        ("", ("", ())),
    ],
)
def test_the_main_sense_decides(wordnet: WordNet, word: str, found: tuple[str, tuple[str, ...]]) -> None:
    assert wordnet.synonyms(word) == found
    assert wordnet.synonyms(word) == found  # the second time it is known


@pytest.mark.parametrize(
    ("form", "part", "lemmas"),
    [
        ("cars", "noun", ["car"]),
        ("boxes", "noun", ["box"]),
        ("geese", "noun", ["goose"]),
        ("tried", "verb", []),
        ("tries", "verb", ["try"]),
        ("carried", "verb", []),
        ("carries", "verb", ["carry"]),
        ("ordering", "verb", ["order"]),
        ("ordered", "verb", ["order"]),
        ("bigger", "adj", []),
        ("car", "verb", []),
    ],
)
def test_forms_lead_to_their_lemma(wordnet: WordNet, form: str, part: str, lemmas: list[str]) -> None:
    assert wordnet.lemmas(form, part) == lemmas


def test_without_counts_only_words_with_one_sense_have_synonyms(tmp_path: Path) -> None:
    folder = SMALL.write(tmp_path)
    (folder / "cntlist.rev").unlink()
    wordnet = WordNet(folder)
    assert wordnet.synonyms("order") == ("", ())
    assert wordnet.synonyms("buy") == ("verb", ("purchase",))


def test_where_it_is_not_the_way_to_get_it_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        BadRecipe, match=r"is not in .*nowhere\. Install it \(Debian: apt-get install wordnet-base"
    ):
        find_wordnet(tmp_path / "nowhere")
    folder = SMALL.write(tmp_path / "dict")
    (folder / "data.verb").unlink()
    with pytest.raises(BadRecipe, match=r"data\.verb is missing: this WordNet is not whole"):
        find_wordnet(folder)


def test_the_environment_says_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = SMALL.write(tmp_path / "home" / "dict")
    monkeypatch.setenv("WNHOME", str(tmp_path / "home"))
    assert find_wordnet(None).folder == folder


@pytest.mark.skipif(
    not any((folder / "index.noun").is_file() for folder in USUAL) or "WNHOME" in os.environ,
    reason="WordNet's own files are not installed (Debian: wordnet-base)",
)
def test_the_real_files_are_read() -> None:
    wordnet = find_wordnet(None)
    assert wordnet.synonyms("big") == ("adj", ("large",))
    assert "purchase" in wordnet.synonyms("buy")[1]
    assert wordnet.lemmas("geese", "noun") == ["goose"]
    assert wordnet.lemmas("purchased", "verb") == ["purchase"]
