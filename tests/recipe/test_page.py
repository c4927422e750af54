"""YAML without surprises: plain values with their lines, and nothing that refers, repeats or runs."""

import json
import math
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from tunesmith.core.errors import BadRecipe
from tunesmith.recipe.page import MAX_CHARACTERS, MAX_DEPTH, parse, parse_value, parse_word

# What JSON can write in a way that YAML reads: no letter in two halves, no raw control character.
letters = some.characters(codec="utf-8", max_codepoint=0xFFFF, exclude_characters="\x7f")
keys = some.text(letters, max_size=8)
plain = some.recursive(
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats(allow_nan=False, allow_infinity=False)
    | keys,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)


def value(text: str) -> Any:
    return parse(f"key: {text}", "recipe.yaml").content["key"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2e-4", 0.0002),
        ("1E3", 1000.0),
        ("2.5e+3", 2500.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-0.25", -0.25),
        ("3", 3),
        ("+3", 3),
        ("-12", -12),
        ("0", 0),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
    ],
)
def test_numbers_and_words_mean_what_json_has(text: str, wanted: object) -> None:
    found = value(text)
    assert (found, type(found)) == (wanted, type(wanted))


@pytest.mark.parametrize(
    "text",
    [
        *("yes", "no", "on", "off", "True", "NULL", "y", "n"),
        *("2024-05-01", "2024-05-01T10:00:00Z", "12:30:45", "1_000", "0x1f", "0o17", "010", "1.2.3"),
        *(".inf", "-.inf", ".nan", "nan", "infinity", "1e", "e5", "٣"),
    ],
)
def test_all_other_words_are_text(text: str) -> None:
    assert value(text) == text


def test_quotes_make_text_of_anything() -> None:
    assert [value('"3"'), value("'true'"), value('""')] == ["3", "true", ""]


@pytest.mark.parametrize("text", ["1e999", "-1e999", "9" * 5000])
def test_a_number_that_would_become_infinite_is_refused(text: str) -> None:
    with pytest.raises(BadRecipe, match=r"^recipe\.yaml:1: .* is too large for a number"):
        value(text)


@given(some.dictionaries(keys, plain, max_size=4))
def test_every_json_object_reads_as_itself(content: dict[str, Any]) -> None:
    assert parse(json.dumps(content), "recipe").content == content


@given(some.text(max_size=200))
def test_any_text_at_all_is_read_or_refused_as_a_recipe(text: str) -> None:
    try:
        content = parse(text, "recipe").content
    except BadRecipe:
        return
    assert json.loads(json.dumps(content, allow_nan=False)) == content


@given(some.floats(allow_nan=False, allow_infinity=False))
def test_every_number_that_python_writes_reads_back_the_same(number: float) -> None:
    found = parse_word(repr(number), "")
    assert isinstance(found, float)
    assert math.copysign(1, found) == math.copysign(1, number)
    assert found == number


def test_every_value_knows_its_line() -> None:
    text = "name: a\n\ntraining:\n  epochs: 3\nsuccess:\n  - metric: bleu\n  - {metric: x,\n    at_most: 1}\n"
    lines = parse(text, "recipe.yaml").lines
    assert lines[("name",)] == 1
    assert lines[("training",)] == 3
    assert lines[("training", "epochs")] == 4
    assert lines[("success", 0, "metric")] == 6
    assert lines[("success", 1, "at_most")] == 8


def test_a_place_that_is_not_written_is_shown_by_what_is_around_it() -> None:
    page = parse("name: a\ntraining:\n  epochs: 3\n", "recipe.yaml")
    assert page.place(("training", "epochs")) == "recipe.yaml:3"
    assert page.place(("training", "warmup", "x")) == "recipe.yaml:2"
    assert page.place(("goal",)) == "recipe.yaml"


def test_a_key_given_twice_is_refused_with_both_lines() -> None:
    with pytest.raises(BadRecipe, match=r"^recipe\.yaml:4: training\.epochs is given twice, first on line 2"):
        parse("training:\n  epochs: 3\n  warmup: 0\n  epochs: 4\n", "recipe.yaml")


def test_the_same_key_in_two_entries_of_a_list_is_not_given_twice() -> None:
    assert parse("success: [{metric: a}, {metric: b}]", "r").content["success"][1] == {"metric": "b"}


def test_references_are_refused_so_that_no_page_grows_when_read() -> None:
    laughs = "a: &a [lol, lol]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdef", "bcdefg", strict=True)
    )
    assert len(str(yaml.safe_load(laughs))) > 10 * len(laughs)
    with pytest.raises(BadRecipe, match=r"^recipe\.yaml:1: .*anchors"):
        parse(laughs, "recipe.yaml")
    with pytest.raises(BadRecipe, match=r"^recipe\.yaml:2: .*aliases"):
        parse("a: 1\nb: *a\n", "recipe.yaml")


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:os.getcwd []", "!!timestamp 2024-05-01", "!!str 3", "! 3", "!x y"]
)
def test_tags_are_refused(tag: str) -> None:
    with pytest.raises(BadRecipe, match=r"^recipe\.yaml:1: .*tags"):
        value(tag)


def test_merge_keys_are_plain_keys() -> None:
    assert parse("<<: {a: 1}", "r").content == {"<<": {"a": 1}}


def test_a_page_is_no_deeper_and_no_larger_than_a_recipe() -> None:
    deepest = MAX_DEPTH - 2  # the page itself and the innermost value are levels too
    assert value("[" * deepest + "1" + "]" * deepest)
    for depth in (deepest + 1, 5000):
        with pytest.raises(BadRecipe, match=f"no more than {MAX_DEPTH} levels"):
            value("[" * depth + "1" + "]" * depth)
    with pytest.raises(BadRecipe, match=f"no more than {MAX_CHARACTERS}"):
        parse("#" * (MAX_CHARACTERS + 1), "recipe.yaml")


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: [1\n", ":2", "expected"),
        ("a: 1\nb:\n\t- 2\n", ":3", "cannot start any token"),
        ("a: 1\n b: 2\n", ":2", "mapping values are not allowed"),
        ("a: 1\n---\nb: 2\n", ":2", "document"),
        ("a: \0", "", "special characters"),
        ("[a]: 1\n", ":1", "a key is a word"),
        ("- a\n", ":1", "`key: value` lines"),
        ("just words", ":1", "`key: value` lines"),
        ("# nothing\n", "", "is empty"),
        ('a: "\\ud800"', ":1", "half a character"),
    ],
)
def test_a_broken_page_is_refused_with_its_line_and_reason(text: str, line: str, reason: str) -> None:
    with pytest.raises(BadRecipe) as caught:
        parse(text, "recipe.yaml")
    assert str(caught.value).startswith(f"recipe.yaml{line}")
    assert reason in str(caught.value)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert parse("\ufeffname: a", "r").content == {"name": "a"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (" 1 ", 1),
        ("2e-4", 0.0002),
        ("", None),
        ("[bleu, rouge_l]", ["bleu", "rouge_l"]),
        ("{name: lora, rank: 4}", {"name": "lora", "rank": 4}),
        ("[]", []),
        ('"3"', "3"),
        ("Answer #1: kindly", "Answer #1: kindly"),
        ("*.jsonl", "*.jsonl"),
        ("- x", "- x"),
    ],
)
def test_a_single_value_is_one_word_unless_it_begins_with_a_bracket_or_quote(
    text: str, wanted: object
) -> None:
    assert parse_value(text, "command line") == wanted


def test_a_broken_single_value_is_refused() -> None:
    with pytest.raises(BadRecipe, match=r"^command line"):
        parse_value("[a", "command line")
