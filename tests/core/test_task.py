import pytest

from tunesmith.core.task import LANGUAGE, Task

LABELS = ("red", "green", "blue")


@pytest.mark.parametrize(
    ("task", "scores", "text"),
    [
        (Task("classes", LABELS), (-1.0, 3.0, 2.0), "green"),
        (Task("tags", LABELS), (4.0, 3.0, 2.0), "red"),
        (Task("classes", LABELS, several=True), (0.1, -3.0, 2.0), "red, blue"),
        (Task("classes", LABELS, several=True), (-0.1, -3.0, 0.0), ""),
        (Task("number", mean=10.0, spread=4.0), (0.5,), "12"),
        (Task("number", mean=1e6, spread=1.0), (0.25,), "1e+06"),
    ],
)
def test_scores_are_told_in_words(task: Task, scores: tuple[float, ...], text: str) -> None:
    assert task.text(scores) == text


def test_language_is_what_a_network_says_unless_told_otherwise() -> None:
    assert Task() == LANGUAGE
    assert LANGUAGE.says == "language"
