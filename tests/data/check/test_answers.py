import pytest

from planted_rows import material, row, texts
from tunesmith.data.check.answers import Answers

PROMPTS = texts(100, length=8)
ANSWERS = [f"{text}." for text in texts(100, seed=1, length=20)]
ROWS = [row(*pair, line=line) for line, pair in enumerate(zip(PROMPTS, ANSWERS, strict=True), 1)]


def look(rows, kind="conversations", test=(), **options):
    return Answers(**options).look(material(rows, kind=kind, test=test))


def given(answer, numbers):
    """Give some rows the same answer."""
    return [row(PROMPTS[n], answer, n + 1) if n in numbers else ROWS[n] for n in range(100)]


def test_answers_that_say_something_to_each_prompt_are_not_worth_a_word():
    assert look(ROWS) == look([]) == []


def test_the_same_answer_to_five_prompts_is_boilerplate():
    (finding,) = look(given("Please see our website.", range(5)))
    assert (finding.check, finding.severity, finding.rows) == ("answers", "note", 5)
    assert finding.sentence == (
        "Answers that are given to 5 or more different prompts each: 1, in 5 rows. "
        "They are boilerplate, unless they fit."
    )
    assert finding.examples == ("rows.jsonl:1: to 5 prompts: Please see our website.",)
    assert finding.remedy == "data.clean=[{name: cap, by: answer, rows: 4}] keeps so many of each."
    assert look(given("Please see our website.", range(4))) == []
    assert len(look(given("Please see our website.", range(3)), prompts=3)) == 1


def test_one_prompt_that_is_repeated_with_its_answer_is_no_boilerplate():
    assert look([*ROWS, *(row(PROMPTS[0], "Please see our website.", 200) for _ in range(9))]) == []


def test_a_short_value_may_be_right_for_many_prompts():
    assert look(given("It is 42.", range(50))) == []


def test_the_most_frequent_boilerplate_comes_first_apart_from_case_and_spaces():
    rows = given("please see our website", range(6))
    rows[20:40] = (
        given("ASK  your own doctor", range(20, 30))[20:30]
        + given("Ask your own doctor", range(30, 40))[30:40]
    )
    (finding,) = look(rows)
    assert finding.rows == 26
    assert [example.split(": ")[1] for example in finding.examples] == ["to 20 prompts", "to 6 prompts"]


def test_answers_that_end_in_the_middle_are_noted_where_most_do_not():
    cut = " ".join(ANSWERS[3].split()[:-1])
    (finding,) = look(given(f"{cut} and then", {3, 7}))
    assert (finding.severity, finding.rows) == ("note", 2)
    assert finding.sentence == (
        "2 of 100 answers (2.0%) end without a full stop or the like, unlike 98 others: "
        "they may have been cut."
    )
    assert finding.examples[0].startswith("rows.jsonl:4: ... ")
    assert finding.examples[0].endswith(f"{cut[-40:]} and then")


@pytest.mark.parametrize(
    "ending",
    [
        "done!",
        "done?",
        "(done.)",
        '"done."',
        "done.*",
        "done\u3002",
        "done\u2026",
        "\n- an entry of a list of things",
        "\n4. an entry of a list",
        "\n#### 72",
        "\nYours, Ann",
        "done:",
        "```\ncode\n```",
    ],
)
def test_other_endings_are_not_held_for_cut(ending):
    assert look(given(f"{' '.join(ANSWERS[3].split()[:-1])} {ending}", {3})) == []


def test_where_many_answers_have_no_full_stop_it_is_their_way():
    rows = [row(PROMPTS[n], ANSWERS[n].rstrip("."), n) for n in range(30)]
    assert look([*rows, *ROWS[30:]]) == []


def test_short_answers_need_no_full_stop():
    assert look(given("eleven words that end in no stop and say little more", {3})) == []


@pytest.mark.parametrize(
    "opening",
    [
        "I'm sorry, but",
        "I\u2019m not able to",
        "As an AI language model,",
        "I cannot",
        "I can't",
        "Sorry, I",
        "Unfortunately, I",
        "I don't know",
        "  I do not have access",
    ],
)
def test_refusals_are_known_by_how_they_begin(opening):
    (finding,) = look(given(f"{opening} help with that here and now, as much as we all would like it.", {3}))
    assert (finding.severity, finding.rows) == ("note", 1)
    assert finding.sentence.startswith("1 of 100 answers (1.0%) begin as a refusal does")
    assert finding.remedy.endswith("data.clean=[{name: exclude, rows: [rows.jsonl:4]}].")
    assert finding.examples[0].startswith("rows.jsonl:4: ")


@pytest.mark.parametrize(
    "opening", ["I can", "I know", "Sorry to hear", "As an airline", "I cannoli", "I am sure"]
)
def test_other_openings_are_no_refusals(opening):
    assert look(given(f"{opening} help with that here and now, as much as we all would like it.", {3})) == []


def test_answers_that_stand_in_their_prompts_are_noted_from_one_in_a_hundred_on():
    copied = row(f"Find the name in: {ANSWERS[3]} Thank you", ANSWERS[3].upper(), 4)
    rows = [*ROWS[:3], copied, *ROWS[4:]]
    (finding,) = look(rows)
    assert (finding.severity, finding.rows) == ("note", 1)
    assert finding.sentence == (
        "1 of 100 answers (1.0%) stand word for word in their prompts: the model will learn to copy."
    )
    assert look([*rows, ROWS[0]]) == []
    assert look([*ROWS[:3], row("Is it red or blue or green?", "red or blue", 4), *ROWS[4:]]) == []


def test_all_splits_are_looked_at_together():
    rows = given("Please see our website.", range(5))
    (finding,) = look(rows[:3], test=rows[3:5])
    assert finding.rows == 5


@pytest.mark.parametrize("kind", ["labels", "text", "prompts", "ratings"])
def test_rows_without_free_answers_are_passed_over(kind):
    assert look(given("I'm sorry, but no.", range(50)), kind=kind) == []
