"""Terms are found by group. None of them is written here: the tests take them from the list itself."""

from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from tunesmith.core.audit import MOST_EXAMPLES, Finding, Material
from tunesmith.core.example import Example, Place
from tunesmith.data.check import offensive_terms
from tunesmith.data.check.offensive_terms import CRUDE, OffensiveTerms

LIST = yaml.safe_load(Path(offensive_terms.__file__).with_name("_offensive_terms.yaml").read_text("utf-8"))
GROUPS = [group for group in LIST if group != "harmless"]
WORD = {group: next(term for term in LIST[group] if term.isalpha() and len(term) >= 5) for group in GROUPS}
MADE_UP = OffensiveTerms(also={"makers": ("glimper", "glim hand", "aeiost")})


def look(*texts: str, check: OffensiveTerms | None = None) -> list[Finding]:
    rows = [Example(Place("r", number), text=text) for number, text in enumerate(texts, 1)]
    material = Material("text", {"train": rows}, {}, None, 100)  # type: ignore[arg-type]
    return (check or OffensiveTerms()).look(material)


def test_the_list_has_groups_and_each_term_once() -> None:
    terms = [term for group in GROUPS for term in LIST[group]]
    assert len(GROUPS) == 7
    assert len(terms) == len(set(terms)) >= 180
    assert all(term == term.casefold().strip() for term in terms)
    assert set(CRUDE) < set(GROUPS)


@pytest.mark.parametrize("group", GROUPS)
def test_every_term_of_a_group_is_found_in_any_case(group: str) -> None:
    terms = LIST[group]
    findings = look(*(f"So, {term.upper()}!" for term in terms))
    (own,) = [finding for finding in findings if group in finding.chart]
    assert own.rows == len(terms) <= own.chart[group]


def test_groups_of_people_are_a_warning_and_crude_terms_a_note() -> None:
    hurtful, crude = look(WORD["religion"], f"{WORD['profanity']} and {WORD['gender']}", "nothing here")
    assert (hurtful.severity, hurtful.rows, hurtful.chart) == ("warning", 2, {"religion": 1, "gender": 1})
    assert (crude.severity, crude.rows, crude.chart) == ("note", 1, {"profanity": 1})
    assert hurtful.sentence.startswith(
        "Terms that offend groups of people in 2 of 3 rows: religion 1, gender 1."
    )
    assert "knows no meaning" in hurtful.sentence


def test_no_term_is_shown() -> None:
    for finding in look(*(f"{word}, {word}" for word in WORD.values())):
        said = " ".join([finding.sentence, *finding.examples, finding.remedy, *finding.chart])
        assert not [word for word in WORD.values() if word in said]
        word = next(word for group, word in WORD.items() if group in finding.examples[0])
        assert f"{word[0]}{'*' * (len(word) - 1)} and 1 more" in finding.examples[0]


def found(text: str) -> bool:
    return bool(look(text, check=MADE_UP))


@pytest.mark.parametrize(
    "text",
    [
        *("glimper", "Glimpers!", "a GLIMPER-like", "gl1mper", "gl!mp3r", "gl*mper", "g****er", "glim hand"),
        *("Glim  hands", "4eiost", "@eio$t", "(glimper)", "glimper's"),
    ],
)
def test_spellings_with_letters_left_are_found(text: str) -> None:
    assert found(text)


@pytest.mark.parametrize(
    "text",
    [
        "glimpering",
        "aglimper",
        "g l i m p e r",
        "glim, or hand",
        "g*****r2",
        "*******",
        "2**10",
        "glim handle",
        "$43105",
        "43105t",
    ],
)
def test_other_words_are_not(text: str) -> None:
    assert not found(text)


def test_harmless_phrases_are_passed_over_but_not_the_rest_of_the_text() -> None:
    phrase = "maine coon"
    assert look(f"My {phrase}s sleep.") == []
    (finding,) = look(f"My {phrase} sleeps, {WORD['religion']}.")
    assert finding.chart == {"religion": 1}


def test_terms_are_added_to_a_group_that_is_there() -> None:
    check = OffensiveTerms(also={"religion": ("glimper",)})
    (finding,) = look("glimper", WORD["religion"], check=check)
    assert finding.chart == {"religion": 2}


def test_terms_can_be_left_out() -> None:
    word = WORD["religion"]
    assert look(f"{word} {word}s", check=OffensiveTerms(ignore=(word,))) == []
    assert look(word, check=OffensiveTerms(ignore=("other",)))


def test_few_examples_are_kept() -> None:
    (finding,) = look(*[WORD["religion"]] * 30)
    assert (finding.rows, len(finding.examples)) == (30, MOST_EXAMPLES)


def test_plain_text_gives_no_finding() -> None:
    words = ("spices", "assess", "class", "scunthorpe", "cockpit", "analyse", "mass", "grape", "essex")
    assert look(*words, *(f"{one} {other}" for one, other in pairwise(words))) == []
    assert look() == []
