import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.core.example import Message
from tunesmith.core.tagged import Tagged
from tunesmith.data.source._columns import UNSET, recognise
from written_rows import read, refusal, texts

words = texts.filter(lambda text: len(text.split()) == 1).map(str.strip)
ROW = {"words": ["Ada", "lives"], "tags": ["B-PER", "O"]}


@given(st.lists(st.tuples(words, texts), min_size=1, max_size=5), st.sampled_from(["words", "Tokens"]))
def test_words_and_tags_are_a_text_and_what_is_said_of_it(pairs, name):
    row = {"id": 3, name: [word for word, _ in pairs], "ner_tags": [tag for _, tag in pairs]}
    example = read(row)
    assert recognise(row, UNSET).kind == "tags"
    assert example.prompt == (Message("user", " ".join(row[name])),)
    assert Tagged.read(example.reference) == Tagged(tuple(row[name]), tuple(row["ner_tags"]))
    assert (example.labels, example.fields) == ((), {"id": 3})


def test_tags_may_be_numbers_and_columns_may_have_any_name():
    example = read({"w": ["Ada"], "t": [3]}, words="w", tags="t")
    assert example.reference == '{"words": ["Ada"], "tags": ["3"]}'


def test_a_text_beside_its_words_is_not_learned_from():
    example = read({"text": "Ada lives", **ROW})
    assert json.loads(example.reference) == ROW
    assert example.fields == {"text": "Ada lives"}


def test_lists_of_other_meaning_stay_what_they_are():
    assert recognise({"text": "t", "tags": ["news"]}, UNSET).kind == "text"
    assert recognise({"text": "t", "label": "l", "tags": ["news"]}, UNSET).kind == "labels"
    assert recognise({"prompt": "p", "completion": "c", "tokens": "9", "tags": "x"}, UNSET).kind == (
        "conversations"
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {**ROW, "tags": ["O"]},
            "words and tags differ in number: 2 words in 'words', 1 tags in 'tags'. Give every word one tag.",
        ),
        (
            {**ROW, "words": ["Ada", "New York"]},
            "space in a word: 'words', word 2 is 'New York'. "
            "Part it into words with a tag each, or remove the space.",
        ),
        (
            {**ROW, "words": ["Ada", ""]},
            "empty word or tag: 'words', number 2 is ''. Write the text, or remove the row.",
        ),
        (
            {**ROW, "tags": ["O", None]},
            "empty word or tag: 'tags', number 2 is null. Write the text, or remove the row.",
        ),
        (
            {**ROW, "tags": ["O", True]},
            "wrong type: 'tags', number 2 is true or false: True. Write it as one text in quotes.",
        ),
        (
            {"words": [], "tags": []},
            "empty list: 'words'. Write at least one word with its tag, or remove the row.",
        ),
        (
            {**ROW, "words": "Ada lives"},
            "wrong type: 'words' is text: 'Ada lives'. Write it as a list of texts.",
        ),
    ],
)
def test_a_row_whose_words_and_tags_do_not_fit_is_refused(row, message):
    assert refusal(row, first=ROW) == message


def test_of_several_columns_with_tags_the_recipe_says_which():
    row = {"tokens": ["Ada"], "ner_tags": ["B-PER"], "pos_tags": ["NNP"]}
    wanted = "Say which one holds the tags: data.source.columns.tags=..."
    assert refusal(row) == f"columns not recognised: 'ner_tags', 'pos_tags'. {wanted}"
    example = read(row, tags="pos_tags")
    assert Tagged.read(example.reference) == Tagged(("Ada",), ("NNP",))
    assert example.fields == {"ner_tags": ["B-PER"]}
