from pathlib import Path
from typing import Any

import pytest

from method_trials import (
    CLASSES,
    METHODS,
    Folders,
    Trial,
    check_kept,
    check_merge,
    check_start,
    check_training,
    every,
    learning,
)
from tunesmith.core.contracts import Method
from tunesmith.core.errors import BadOption, UnknownName
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.method.stack import Stack

LORA = {"name": "lora", "rank": 4}
HOULSBY = {"name": "houlsby", "size": 8, "norms": False}
NORMS = {"name": "freeze", "layers": ["norm|ln_|LayerNorm"]}
VERA, IA3 = {"name": "vera", "rank": 8}, {"name": "ia3"}


def stack(*methods: Any) -> Method:
    return METHODS.build("stack", {"methods": list(methods)})


@pytest.mark.parametrize(
    ("architecture", "task", "beside"),
    [
        ("llama", LANGUAGE, VERA),
        ("llama", LANGUAGE, IA3),
        ("gpt2", LANGUAGE, VERA),
        ("bert", CLASSES, IA3),
        ("t5", CLASSES, LORA),
        ("t5", CLASSES, VERA),
    ],
    ids=str,
)
def test_methods_of_every_kind_learn_together_and_are_kept(
    folders: Folders, architecture: str, task: Task, beside: dict[str, Any], tmp_path: Path
) -> None:
    tried = Trial(stack(NORMS, beside, HOULSBY), folders[architecture], task)
    check_start(tried)
    names = check_training(tried)
    assert any("lora_" in name or "vera_" in name or "ia3_" in name for name in names)
    assert any(".small." in name for name in names)
    assert any(name.endswith("orm.weight") or ".ln_" in name for name in names)
    assert not [name for name in names if ".original_module." in name]
    check_kept(tried, tmp_path)
    assert {"adapter_model.safetensors", "changes.safetensors"} <= {path.name for path in tmp_path.iterdir()}


@every(("gpt2", LANGUAGE), ("bert", CLASSES))
def test_lora_and_biases_merge(folders: Folders, architecture: str, task: Task) -> None:
    tried = Trial(stack(LORA, "bitfit"), folders[architecture], task)
    assert tried.method.merges
    check_merge(tried)


def test_all_that_one_of_them_trains_learns(folders: Folders) -> None:
    found = learning(Trial(stack(LORA, "bitfit"), folders["gpt2"]).start())
    alone = [learning(Trial(METHODS.build(name, {}), folders["gpt2"]).start()) for name in ("lora", "bitfit")]
    assert len(found) == sum(map(len, alone)) == 16 + 13


def test_layers_named_by_the_user_are_found_inside_those_that_are_between(folders: Folders) -> None:
    method = stack({"name": "lora", "targets": ["o_proj", "q_proj"]}, HOULSBY)
    names = learning(Trial(method, folders["llama"]).start())
    assert len([name for name in names if ".o_proj.base.lora_A." in name]) == 2
    assert len([name for name in names if ".q_proj.lora_A." in name]) == 2


def test_it_merges_learns_and_holds_as_its_methods_do() -> None:
    assert not stack(LORA, HOULSBY).merges
    assert stack(LORA, HOULSBY).usual_rate == 2e-4
    assert stack("lora_plus", "bitfit").usual_rate == 5e-5
    assert stack("qlora", "bitfit").holds == "nf4"
    assert stack(LORA, "bitfit").holds is None
    assert stack("lora_plus", "bitfit").pace("x.lora_B.default.weight") == 16.0


def test_a_stack_that_does_not_merge_says_what_to_do(folders: Folders) -> None:
    method = stack(LORA, HOULSBY)
    with pytest.raises(BadOption, match=r"houlsby: .*export: adapter"):
        method.merge(Trial(method, folders["llama"]).start())


def test_the_reason_of_one_is_the_reason_of_all(folders: Folders) -> None:
    with pytest.raises(BadOption, match="no biases"):
        Trial(stack(LORA, "bitfit"), folders["llama"]).start()
    network = Trial(stack(LORA, "bitfit"), folders["llama"]).base().network
    assert stack(LORA, "bitfit").refuses(network).startswith("bitfit: It has no biases.")


@pytest.mark.parametrize(
    ("methods", "reason"),
    [
        ([LORA], "List at least two methods"),
        ([LORA, "dora"], "lora and dora change the same places"),
        ([HOULSBY, "parallel"], "houlsby and parallel change the same places"),
        (["bitfit", "bitfit"], "listed twice"),
        (["qlora", NORMS], "freeze cannot train them"),
        (["prompt", LORA], "prompt is not stacked: .*goes with no other"),
        (["pissa", "bitfit"], "pissa is not stacked: it changes the weights of the base"),
        (["layer_norm", LORA], r"layer_norm is not stacked: .*freeze, layers: \[norm\]"),
        (["full", LORA], "full is not stacked: it trains every weight already"),
        ([3, LORA], "Write a method and its options"),
    ],
)
def test_what_does_not_go_together_is_refused_with_the_reason(methods: list[Any], reason: str) -> None:
    with pytest.raises(BadOption, match=reason):
        stack(*methods)


def test_an_unknown_method_and_an_unknown_option_are_named() -> None:
    with pytest.raises(UnknownName, match=r"No method is called 'lroa'\. Did you mean 'lora'"):
        stack("lroa", "bitfit")
    with pytest.raises(BadOption, match=r"method\.lora\.rnak"):
        stack({"name": "lora", "rnak": 3}, "bitfit")


def test_it_survives_the_recipe() -> None:
    built = stack(LORA, "bitfit")
    assert isinstance(built, Stack)
    assert [type(method).__name__ for method in built.methods] == ["LoRA", "BitFit"]
