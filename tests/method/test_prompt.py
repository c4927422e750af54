from pathlib import Path
from typing import Any

import pytest
import torch

from method_trials import (
    CLASSES,
    TAGS,
    Folders,
    Trial,
    check_kept,
    check_seed,
    check_training,
    every,
    learning,
)
from tunesmith.core.errors import BadOption
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.method.prompt import Prompt

CASES = (("llama", LANGUAGE), ("gpt2", LANGUAGE), ("bert", CLASSES), ("t5", LANGUAGE), ("llama", TAGS))


def trial(folders: Folders, architecture: str, task: Task, **options: Any) -> Trial:
    return Trial(Prompt(length=3, **options), folders[architecture], task)


@every(*CASES)
def test_what_is_declared_learns_and_nothing_else(folders: Folders, architecture: str, task: Task) -> None:
    check_training(trial(folders, architecture, task))


def test_the_seed_alone_decides_the_start(folders: Folders) -> None:
    check_seed(trial(folders, *CASES[0]), draws=True)


def test_it_does_not_merge_and_says_what_to_do(folders: Folders) -> None:
    model = trial(folders, *CASES[0]).start()
    assert not Prompt.merges
    with pytest.raises(BadOption, match=r"method\.prompt: .*export: adapter"):
        Prompt(length=3).merge(model)


@every(*CASES)
def test_what_was_kept_answers_alike(folders: Folders, architecture: str, task: Task, tmp_path: Path) -> None:
    check_kept(trial(folders, architecture, task), tmp_path)


def test_it_starts_from_the_words_of_a_text_repeated_or_cut(folders: Folders) -> None:
    base = trial(folders, "llama", LANGUAGE).base()
    ids = list(base.chat.encode_document("mug").ids)[1:-1]
    table = base.network.get_input_embeddings().weight
    for length in (1, 2 * len(ids) + 1):
        (start,) = learning(Trial(Prompt(text="mug", length=length), folders["llama"]).start()).values()
        assert torch.equal(start, table[(ids * 3)[:length]])


def test_it_starts_from_words_drawn_at_random(folders: Folders) -> None:
    (start,) = learning(trial(folders, "llama", LANGUAGE).start()).values()
    table = trial(folders, "llama", LANGUAGE).base().network.get_input_embeddings().weight
    assert all((table == row).all(dim=1).any() for row in start)


@pytest.mark.parametrize(
    ("architecture", "task", "reason"),
    [
        ("bert", LANGUAGE, "no vectors before the text of masked language models"),
        ("t5", CLASSES, "reads ids only"),
        ("llama", CLASSES, "by its id only. Try `method: prefix`"),
    ],
)
def test_where_vectors_cannot_stand_it_is_refused(
    folders: Folders, architecture: str, task: Task, reason: str
) -> None:
    with pytest.raises(BadOption, match=reason):
        trial(folders, architecture, task).start()


def test_its_vectors_take_places_of_the_context(folders: Folders) -> None:
    tried = trial(folders, "llama", LANGUAGE)
    assert tried.start().context == tried.base().context - tried.method.room
    assert tried.method.room > 0
