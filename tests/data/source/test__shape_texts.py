import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.core.example import Message
from written_rows import read, refusal, texts

FIRST = {"text": "t", "label": "l"}


@given(texts, texts | st.integers() | st.booleans())
def test_a_label_is_the_answer_to_its_text(text, label):
    said = label if isinstance(label, str) else str(label).lower()
    example = read({"text": text, "label": label, "id": 1}, first=FIRST)
    assert example.messages == (Message("user", text), Message("assistant", said))
    assert (example.labels, example.label, example.value, example.fields) == ((said,), said, None, {"id": 1})


@given(texts, st.lists(texts | st.integers(), min_size=1, max_size=4, unique_by=str))
def test_a_list_of_labels_is_kept_in_its_order(text, labels):
    example = read({"text": text, "labels": labels})
    assert example.labels == tuple(map(str, labels))
    assert example.reference == ", ".join(map(str, labels))


def test_labels_in_one_text_are_parted_where_the_recipe_says_so():
    row = {"text": "t", "label": "a; b;c"}
    assert read(row).labels == ("a; b;c",)
    example = read(row, label_separator=";")
    assert (example.labels, example.reference) == (("a", "b", "c"), "a;b;c")
    assert read({"text": "t", "label": 3}, first=row, label_separator=";").labels == ("3",)


@given(texts, st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_with_a_fraction_is_a_value_and_its_text_a_label(text, number):
    example = read({"text": text, "label": number})
    assert (example.value, example.labels, example.reference) == (number, (repr(number),), repr(number))
    spelled = read({"text": text, "label": f" {number!r} "})
    assert (spelled.value, spelled.labels) == (number, (repr(number),))


def test_whole_numbers_are_labels_unless_the_recipe_says_that_they_are_numbers():
    row = {"text": "t", "label": 3}
    assert (read(row).labels, read(row).value) == (("3",), None)
    example = read(row, shape="numbers")
    assert (example.labels, example.value) == (("3",), 3.0)
    assert read(row, first={"text": "t", "label": 0.5}).value == 3.0


def test_raw_text_is_text():
    example = read({"text": " t\n", "url": "u"})
    assert (example.text, example.messages, example.fields) == (" t\n", (), {"url": "u"})


TWICE = "label given twice: 'label' has 'a' twice. Keep one of them."


@pytest.mark.parametrize(
    ("row", "options", "message"),
    [
        ({**FIRST, "label": " "}, {}, "empty label: 'label' is ' '. Write the text, or remove the row."),
        ({**FIRST, "label": None}, {}, "empty label: 'label' is null. Write the text, or remove the row."),
        ({**FIRST, "text": ""}, {}, "empty text: 'text' is ''. Write the text, or remove the row."),
        (
            {**FIRST, "label": []},
            {},
            "empty label: 'label' is an empty list. "
            "Write a label that says so, such as 'none', or remove the row.",
        ),
        (
            {**FIRST, "label": ["a", None]},
            {},
            "empty label: 'label', label 2 is null. Write the text, or remove the row.",
        ),
        ({**FIRST, "label": ["a", "b", "a"]}, {}, TWICE),
        ({**FIRST, "label": "a,b, a"}, {"label_separator": ","}, TWICE),
        (
            {**FIRST, "label": "a,"},
            {"label_separator": ","},
            "empty label: 'label', label 2 is ''. Write the text, or remove the row.",
        ),
        (
            {**FIRST, "label": 0.5},
            {},
            "wrong type: 'label' is a number with a fraction: 0.5. "
            "Have numbers predicted with data.source.columns.shape=numbers, or write the label in quotes.",
        ),
        ({**FIRST, "label": {}}, {}, "wrong type: 'label' is an object: {}. Write it as one text in quotes."),
        (FIRST, {"shape": "numbers"}, "not a number: 'label' is text: 'l'. Write a number."),
        (
            {**FIRST, "label": True},
            {"shape": "numbers"},
            "not a number: 'label' is true or false: True. Write a number.",
        ),
    ],
)
def test_a_row_that_cannot_be_read_is_named(row, options, message):
    assert refusal(row, first=FIRST, **options) == message


def test_raw_text_that_cannot_be_read_is_named():
    assert refusal({"text": None}, first={"text": ""}) == (
        "empty text: 'text' is null. Write the text, or remove the row."
    )
    assert refusal({"text": ["t"]}, first={"text": ""}).startswith("wrong type: 'text' is a list: ['t'].")
