"""What is shown tells what is asked, and nothing of where answers to rank come from."""

from annotation_projects import answered, labelled, pair, say, settings, text
from tunesmith.core.example import Example, Message, Place, ToolCall
from tunesmith.data.annotation.project import Suggestion, Task
from tunesmith.doors.api.annotate.view import contested_view, said_view, task_view


def test_a_row_is_shown_with_its_question_label_and_suggestion():
    suggestion = Suggestion(4, ["praise"], "linear", 0.7, (("praise", 0.7),))
    shown = task_view(Task(4, labelled(1, "complaint"), "label_errors", suggestion), settings())
    assert (shown["number"], shown["doubt"], shown["labels"]) == (4, "label_errors", ("complaint",))
    assert shown["turns"] == [{"role": "user", "content": "Row number 1."}]
    assert shown["suggestion"]["value"] == ["praise"]
    assert (shown["answer"], shown["answers"], shown["waiting"]) == ("", [], False)


def test_a_text_is_shown_as_a_question():
    assert task_view(Task(1, text(3)), settings())["turns"] == [{"role": "user", "content": "Row number 3."}]


def test_thoughts_and_calls_are_shown():
    called = Message("assistant", "One moment.", 0.0, "Look it up.", (ToolCall("track", '{"order": 1}'),))
    row = Example(
        Place("a", 1),
        (Message("user", "?"), called, Message("tool", "Lost."), Message("assistant", "Sorry.")),
    )
    shown = task_view(Task(1, row), settings("answers"))
    assert shown["turns"][1] == {
        "role": "assistant",
        "content": 'Look it up.\nOne moment.\ntrack({"order": 1})',
    }
    assert shown["answer"] == "Sorry."


def test_answers_to_rank_do_not_say_where_they_come_from():
    suggestion = Suggestion(1, "On its way.", "tiny")
    shown = task_view(Task(1, answered(1), suggestion=suggestion), settings("ranking"))
    assert sorted(shown["answers"]) == ["In the post.", "On its way."]
    assert shown["suggestion"] is None
    assert sorted(task_view(Task(1, pair(1)), settings("ranking"))["answers"]) == ["In the post.", "Nowhere."]


def test_opinions_are_shown_to_whoever_settles_them_but_no_skips():
    said = [
        say(1, "ann", ["praise"]),
        say(1, "bob", None, kind="flag", note="cut off"),
        say(1, "cara", None, kind="skip"),
    ]
    shown = contested_view(Task(1, text(1)), said, settings())
    assert [(one["annotator"], one["kind"], one["words"]) for one in shown["opinions"]] == [
        ("ann", "labels", "praise"), ("bob", "flag", "cut off")
    ]  # fmt: skip


def test_answers_that_were_ranked_are_shown_though_a_model_suggests_others_by_now():
    value = {"answers": ["In the post.", "Gone."], "order": [[0], [1]]}
    task = Task(1, answered(1), suggestion=Suggestion(1, "New.", "tiny"))
    shown = contested_view(task, [say(1, "ann", value, kind="ranking")], settings("ranking"))
    assert set(shown["answers"]) == {"In the post.", "Gone.", "New."}


def test_what_was_said_is_shown_in_words():
    assert said_view(say(1, "ann", 4, kind="rating"))["words"] == "4"
    assert said_view(say(1, "ann", None, kind="skip"))["words"] == ""
