import pytest

from method_trials import CLASSES, TAGS, VECTOR, Folders
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.method import _prompt
from tunesmith.model.network import skeleton


@pytest.mark.parametrize(
    ("architecture", "task"),
    [
        *(("llama", task) for task in (LANGUAGE, TAGS, VECTOR)),
        *(("bert", task) for task in (CLASSES, TAGS, VECTOR)),
        *(("t5", task) for task in (LANGUAGE, TAGS, VECTOR)),
    ],
)
def test_vectors_stand_before_the_words_of_many_networks(
    folders: Folders, architecture: str, task: Task
) -> None:
    assert _prompt.refuses(skeleton(folders[architecture], task)) == ""


@pytest.mark.parametrize(("architecture", "task"), [("llama", CLASSES), ("bert", LANGUAGE), ("t5", CLASSES)])
def test_where_they_cannot_another_method_is_named(folders: Folders, architecture: str, task: Task) -> None:
    assert "Try `method: " in _prompt.refuses(skeleton(folders[architecture], task))


def test_what_is_no_weight_is_kept_as_an_adapter() -> None:
    assert str(_prompt.cannot_merge("prompt")).endswith("Write `export: adapter`.")
