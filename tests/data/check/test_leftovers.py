"""What a program left in texts is found and counted; code and prose that only look like it are not."""

from dataclasses import replace

import pytest

from planted_rows import material, row, texts
from tunesmith.data.check.leftovers import Leftovers

ROWS = [row(text, text[::-1], line) for line, text in enumerate(texts(300), 1)]


def look(rows, **parts):
    return Leftovers().look(material(rows, **parts))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Dear {{ customer.name }}, thank you.", "{{ customer.name }}"),
        ("{{#rustdoc_include ../listings/ch01.rs}}", "{{#rustdoc_include ../listings/ch01.rs}}"),
        ("{% if paid %}Thanks{% endif %}", "{% if paid %} and 1 more"),
        (
            "{{#include ../" + 70 * "a" + "/" + 70 * "b" + "}}",
            "{{#include ../" + 70 * "a" + "/" + 14 * "b" + "…",
        ),
        ("Hello <%= user %>!", "<%= user %>"),
        ("The price is ${amount}.", "${amount}"),
        ("Kind regards, [Your Name]", "[Your Name]"),
        ("Call [insert number here] today", "[insert number here]"),
    ],
)
def test_places_that_nothing_was_put_into_are_found(text: str, what: str):
    (finding,) = look([row(text, "answer", 7)])
    assert finding.sentence.startswith("Rows with places that were to be filled in, such as {{name}}: 1 of 1")
    assert finding.examples == (f"rows.jsonl:7: {what}",)


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("café", "latin-1"),
        ("naïve", "cp1252"),
        ("“quoted”", "latin-1"),
        ("€5 now", "cp1252"),
        ("Ü", "cp1252"),
    ],
)
def test_utf_8_that_was_read_as_something_else_is_found(text: str, read_as: str):
    (finding,) = look([row("question", text.encode().decode(read_as, "ignore"))])
    assert finding.sentence.startswith("Rows with broken letters")


def test_the_sign_for_an_unknown_letter_is_found():
    (finding,) = look([row("caf\ufffd", "answer")])
    assert finding.chart == {"\ufffd": 1}


@pytest.mark.parametrize("text", ["a<br>b", "<p class=x>b</p>", "fish &amp; chips", "5&nbsp;km", "&#233;"])
def test_html_is_found_and_can_be_taken_out(text: str):
    (finding,) = look([row(text, "answer")])
    assert finding.sentence.startswith("Rows with HTML tags or entities: 1 of 1 (100.0%), ")
    assert "html_tags: true, html_entities: true" in finding.remedy


@pytest.mark.parametrize(
    "text",
    [
        *(
            "if a < b and c > d: pay",
            "x = {1, 2}",
            "f({})",
            "[1] and [see page 3]",
            "AT&T; R&D; &c;",
            "$5 {each}",
        ),
        *(
            "Âge and Ãlvares",
            "São Paulo, Âncora",
            "L'hôtel à â",
            "a_b{c}",
            "items[0]",
            "10 % {90 %}",
            "<T> x",
        ),
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str):
    assert look([row(text, text)]) == []


def test_rows_are_counted_once_in_all_splits_and_pieces_each_time():
    odd = [row("<b>bold</b> <b>again</b>", "a", 400), row("plain", "<i>x</i>", 401)]
    (finding,) = look([*ROWS[:100], odd[0]], test=[odd[1]])
    assert (finding.rows, finding.severity) == (2, "warning")
    assert finding.sentence == "Rows with HTML tags or entities: 2 of 102 (2.0%), 6 in all."
    assert finding.chart == {"<b>": 2, "</b>": 2, "<i>": 1, "</i>": 1}
    assert finding.examples == ("rows.jsonl:400: <b> and 3 more", "rows.jsonl:401: <i> and 1 more")


def test_a_single_row_among_many_is_a_note_and_clean_rows_are_not_worth_a_word():
    (finding,) = look([*ROWS, row("<b>bold", "a", 400)])
    assert finding.severity == "note"
    assert look(ROWS) == look([]) == []


def test_every_sort_is_a_finding_of_its_own():
    every = look([replace(row("[Your name] <br>", "cafÃ©"), fields={"note": "<p>"})])
    assert [found.sentence.split(":")[0] for found in every] == [
        "Rows with places that were to be filled in, such as {{name}}",
        "Rows with broken letters, as of UTF-8 that was read as something else",
        "Rows with HTML tags or entities",
    ]
    assert [found.rows for found in every] == [1, 1, 1]
