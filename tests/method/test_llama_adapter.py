from typing import Any

import pytest

from method_trials import CLASSES, Folders, Trial, learning
from tunesmith.core.errors import BadOption
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.method.llama_adapter import LlamaAdapter


def trial(folders: Folders, architecture: str, task: Task, **options: Any) -> Trial:
    return Trial(LlamaAdapter(length=3, layers=2, **options), folders[architecture], task)


def test_prompts_and_gates_of_the_top_layers_learn(folders: Folders) -> None:
    names = learning(Trial(LlamaAdapter(length=3, layers=1), folders["llama"]).start())
    assert {name.split("layers.")[1] for name in names} == {
        "1.self_attn.adaption_prompt",
        "1.self_attn.adaption_gate",
    }


def test_as_many_layers_learn_as_are_asked_for(folders: Folders) -> None:
    counts = [len(learning(Trial(LlamaAdapter(layers=n), folders["llama"]).start())) for n in (1, 2, None)]
    assert counts == [2, 4, 2]  # of two layers, all but the lowest two would be none


@pytest.mark.parametrize(
    ("architecture", "task", "reason"),
    [
        ("bert", LANGUAGE, "its gates for llama, mistral, gpt2, and not for bert"),
        ("llama", CLASSES, "trains no new head"),
    ],
)
def test_what_peft_has_no_gates_for_is_refused(
    folders: Folders, architecture: str, task: Task, reason: str
) -> None:
    with pytest.raises(BadOption, match=reason):
        trial(folders, architecture, task).start()


def test_more_layers_than_there_are_are_refused(folders: Folders) -> None:
    with pytest.raises(BadOption, match="It has 2 layers, not 3"):
        Trial(LlamaAdapter(layers=3), folders["llama"]).start()


def test_a_base_in_16_bits_is_refused_with_the_way_out(folders: Folders) -> None:
    model = trial(folders, "llama", LANGUAGE).base()
    model.network.bfloat16()
    with pytest.raises(BadOption, match=r"training\.storage: float32"):
        LlamaAdapter().apply(model, 0)
