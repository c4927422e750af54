"""A row is worth what most say, all say, or somebody settled; ties and flags are said, never guessed."""

import pytest

from annotation_projects import answered, pair, say, settings, text
from tunesmith.core.example import Example, Message, ToolCall
from tunesmith.data.annotation.decide import Decision, LeftOut, Undecided, decide, examples, in_words
from tunesmith.data.annotation.project import Task


def labels(*values, **people):
    said = [say(1, f"p{number}", [value]) for number, value in enumerate(values)]
    return said + [say(1, name, [value]) for name, value in people.items()]


def ranked(annotator, order, answers=("A", "B")):
    value = {"answers": list(answers), "order": [list(group) for group in order]}
    return say(1, annotator, value, kind="ranking")


def settled(value, kind="labels"):
    return say(1, "judge", value, kind=kind, role="adjudicator")


def test_what_more_people_say_than_anything_else_wins():
    assert decide(labels("a", "a", "b"), "majority") == Decision(["a"], 3, pytest.approx(2 / 3))
    assert decide(labels("a", "a", "b", "c"), "majority") == Decision(["a"], 4, 0.5)
    assert decide(labels("b"), "majority") == Decision(["b"], 1, 1.0)


def test_a_tie_is_said_with_who_says_what():
    found = decide(labels(ann="a", bob="b"), "majority")
    assert found == Undecided("annotators disagree", "ann: a; bob: b")
    assert isinstance(decide(labels("a", "a", "b", "b"), "majority"), Undecided)


def test_adjudicated_means_that_all_agree_or_somebody_settled_it():
    assert decide(labels("a", "a"), "adjudicated") == Decision(["a"], 2, 1.0)
    assert isinstance(decide(labels("a", "a", "b"), "adjudicated"), Undecided)
    assert decide([*labels("a", "a", "b"), settled(["b"])], "adjudicated") == Decision(
        ["b"], 3, pytest.approx(2 / 3)
    )


def test_who_settles_a_tie_decides_it_under_majority_too():
    assert decide([*labels("a", "b"), settled(["c"])], "majority") == Decision(["c"], 2, 0.5)
    assert decide([*labels("a", "b"), settled(None, "skip")], "majority") == LeftOut()


def test_whoever_settles_a_row_last_decides_it():
    again = say(1, "other judge", ["b"], role="adjudicator")
    assert decide([*labels("a", "b"), settled(["a"]), again], "majority") == Decision(["b"], 2, 0.5)


def test_single_takes_one_person_s_word_alone():
    said = [*labels(ann="a", bob="b"), settled(["c"])]
    assert decide(said, "single", "bob") == Decision(["b"], 1, 1.0)
    assert decide(said, "single", "judge") == LeftOut()
    assert decide(said, "single", "cara") == LeftOut()


def test_a_flag_waits_to_be_settled_and_a_skip_says_nothing():
    flag = say(1, "bob", None, kind="flag", note="half a sentence")
    skip = say(1, "bob", None, kind="skip")
    assert decide([*labels("a"), flag], "majority") == Undecided("flagged", "bob: half a sentence")
    assert decide([*labels("a"), flag, settled(["a"])], "majority") == Decision(["a"], 1, 1.0)
    assert decide([*labels("a"), skip], "majority") == Decision(["a"], 1, 1.0)
    assert decide([skip], "majority") == LeftOut()


def test_several_labels_are_one_value():
    both, one = say(1, "ann", ["a", "b"]), say(1, "bob", ["a"])
    assert isinstance(decide([both, one], "majority"), Undecided)
    assert decide([both, say(1, "cara", ["a", "b"]), one], "majority").value == ["a", "b"]  # type: ignore[union-attr]


def ratings(*values):
    return [say(1, f"p{number}", value, kind="rating") for number, value in enumerate(values)]


def test_ratings_come_to_their_median_and_all_must_be_near_where_all_must_agree():
    assert decide(ratings(1, 4, 5), "majority") == Decision(4, 3, pytest.approx(1 / 3))
    assert decide(ratings(4, 5), "majority") == Decision(4.5, 2, 0.5)
    assert decide(ratings(4, 5), "adjudicated") == Decision(4.5, 2, 0.5)
    assert isinstance(decide(ratings(3, 5), "adjudicated"), Undecided)


def test_rankings_are_voted_on_pair_by_pair():
    better, worse, tie = ((0,), (1,)), ((1,), (0,)), ((0, 1),)
    assert decide([ranked("p", better), ranked("q", better), ranked("r", worse)], "majority") == Decision(
        [("A", "B")], 3, pytest.approx(2 / 3)
    )
    assert isinstance(decide([ranked("p", better), ranked("q", worse)], "majority"), Undecided)
    assert decide([ranked("p", tie)], "majority") == LeftOut()
    three = ranked("p", ((2,), (0, 1)), ("A", "B", "C"))
    assert decide([three], "majority") == Decision([("C", "A"), ("C", "B")], 1, 1.0)


def test_the_same_ranking_of_answers_in_another_order_agrees():
    one, other = ranked("p", ((0,), (1,)), ("A", "B")), ranked("q", ((1,), (0,)), ("B", "A"))
    assert decide([one, other], "adjudicated") == Decision([("A", "B")], 2, 1.0)


def test_a_label_becomes_a_row_at_the_same_place():
    (row,) = examples(Task(1, text(5)), Decision(["praise"], 2, 0.51239), settings())
    assert row.place == text(5).place
    assert row.messages == (Message("user", "Row number 5."), Message("assistant", "praise"))
    assert (row.labels, row.text) == (("praise",), "")
    assert row.fields == {"annotators": 2, "agreement": 0.5124}


def test_a_corrected_answer_replaces_the_old_one_and_keeps_the_columns():
    (row,) = examples(Task(1, answered(3)), Decision("On its way.", 1, 1.0), settings("answers"))
    assert [turn.content for turn in row.messages] == ["Where is order 3?", "On its way."]
    assert row.fields == {"id": 3, "annotators": 1, "agreement": 1.0}


def test_a_confirmed_answer_keeps_what_was_thought_and_a_changed_one_does_not():
    thought = Message(
        "assistant", "In the post. ", reasoning="Look it up.", tool_calls=(ToolCall("f", "{}"),)
    )
    task = Task(1, Example(answered(1).place, (Message("user", "?"), thought)))
    (same,) = examples(task, Decision("In the post.", 1, 1.0), settings("answers"))
    (other,) = examples(task, Decision("Lost.", 1, 1.0), settings("answers"))
    assert same.messages[-1] == thought
    assert other.messages[-1] == Message("assistant", "Lost.")


def test_a_ranking_becomes_pairs_that_can_be_told_apart():
    decision = Decision([("C", "A"), ("C", "B")], 1, 1.0)
    rows = list(examples(Task(1, pair(1)), decision, settings("ranking")))
    assert [(row.reference, row.rejected[0].content) for row in rows] == [("C", "A"), ("C", "B")]
    assert len({row.name for row in rows}) == 2
    assert {row.place for row in rows} == {pair(1).place}


def test_a_rating_becomes_the_row_s_value():
    (row,) = examples(Task(1, answered(1)), Decision(4, 1, 1.0), settings("ratings"))
    assert (row.value, row.reference) == (4.0, "In the post.")


def test_what_was_said_can_be_said_in_words():
    assert in_words(say(1, "p", ["a", "b"])) == "a, b"
    assert in_words(ranked("p", ((1,), (0, 2)), ("A", "B", "C"))) == "answer 2 before answer 1 and answer 3"
    assert in_words(say(1, "p", 4, kind="rating")) == "4"
    assert in_words(say(1, "p", None, kind="flag", note="why")) == "why"
