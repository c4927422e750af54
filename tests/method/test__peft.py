import warnings
from dataclasses import replace

import pytest
import torch
from peft import IA3Config, LoraConfig

from method_trials import CLASSES, FOUR, TAGS, VECTOR, Folders, every, learning, loaded, outputs, train
from tunesmith.core.errors import BadOption
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.method import _peft


@every(*FOUR, ("llama", CLASSES), ("t5", TAGS), ("t5", VECTOR), ("bert", LANGUAGE))
def test_peft_is_told_what_a_network_is_for(folders: Folders, architecture: str, task: Task) -> None:
    words = {
        ("llama", "language"): "CAUSAL_LM",
        ("gpt2", "language"): "CAUSAL_LM",
        ("t5", "language"): "SEQ_2_SEQ_LM",
        ("bert", "language"): None,
    }
    heads = {"classes": "SEQ_CLS", "tags": "TOKEN_CLS", "vector": "FEATURE_EXTRACTION"}
    expected = words.get((architecture, task.says), heads.get(task.says))
    assert _peft.task_type(loaded(folders[architecture], task, 0).network) == expected


def test_a_head_of_several_layers_learns_and_is_put_back_when_merged(folders: Folders) -> None:
    base = loaded(folders["t5"], CLASSES, 0)
    model = _peft.wrap(base, IA3Config(), 1, "ia3")
    train(model, 2)
    heads = {name for name in learning(model) if "classification_head" in name}
    assert len(heads) == 4
    expected = outputs(model)
    merged = _peft.merge(model)
    assert type(merged.network.classification_head) is type(base.network.classification_head)
    assert (outputs(merged) - expected).abs().max() < 1e-5


def test_a_network_in_training_stays_in_training(folders: Folders) -> None:
    base = loaded(folders["llama"], LANGUAGE, 0)
    for training in (True, False):
        copy = replace(base, network=loaded(folders["llama"], LANGUAGE, 0).network.train(training))
        wrapped = _peft.wrap(copy, LoraConfig(target_modules=["q_proj"]), 1, "lora")
        assert wrapped.network.training is training


def test_what_peft_refuses_is_an_error_in_one_line(folders: Folders) -> None:
    with pytest.raises(BadOption, match=r"^method\.lora: Target modules [^\n]*not found[^\n]*$"):
        _peft.wrap(loaded(folders["llama"], LANGUAGE, 0), LoraConfig(target_modules=["nothing"]), 1, "lora")


def test_peft_talks_to_nobody_and_others_are_heard() -> None:
    with _peft.without_chatter():
        warnings.warn("Unsupported layer type 'X'", UserWarning, stacklevel=1)  # warnings are errors here
        with pytest.warns(UserWarning, match="something else"):
            warnings.warn("something else", UserWarning, stacklevel=1)


def test_transposed_weights_are_told_to_peft(folders: Folders) -> None:
    for architecture, transposed in (("gpt2", True), ("llama", False)):
        configuration = LoraConfig(target_modules="all-linear")
        _peft.wrap(loaded(folders[architecture], LANGUAGE, 0), configuration, 1, "lora")
        assert configuration.fan_in_fan_out is transposed


def test_the_seed_decides_in_float32_also_beside_a_base_in_16_bits(folders: Folders) -> None:
    from tunesmith.method.lora import LoRA

    wide = learning(LoRA(rank=4).apply(loaded(folders["llama"], LANGUAGE, 0), 1))
    narrow = loaded(folders["llama"], LANGUAGE, 0)
    narrow.network.bfloat16()
    found = learning(LoRA(rank=4).apply(narrow, 1))
    assert wide.keys() == found.keys()
    assert all(torch.equal(tensor, found[name]) for name, tensor in wide.items())
