from pathlib import Path
from typing import Any

import pytest
import torch

from method_trials import CLASSES, TAGS, Folders, Trial, check_kept, check_training, learning
from tunesmith.core.errors import BadOption
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.method.prompt import Prompt


def trial(folders: Folders, architecture: str, task: Task, **options: Any) -> Trial:
    return Trial(Prompt(length=3, **options), folders[architecture], task)


def test_a_new_head_learns_beside_the_vectors_and_both_are_kept(folders: Folders, tmp_path: Path) -> None:
    tried = trial(folders, "llama", TAGS)
    assert len(check_training(tried)) == 3  # vectors, and weight and bias of the head
    check_kept(tried, tmp_path)


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
