import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from method_trials import (
    FOUR,
    Folders,
    Trial,
    check_merge,
    check_start,
    check_training,
    every,
    learning,
    loaded,
    outputs,
    train,
)
from tunesmith.core.errors import BadOption, MissingExtra
from tunesmith.core.task import LANGUAGE, Held, Task
from tunesmith.method.qlora import QLoRA

pytestmark = [
    pytest.mark.filterwarnings("ignore:matmul_4bit. weight was quantized:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:MatMul8bitLt:UserWarning"),
]


@every(*FOUR)
def test_in_8_bits_only_the_adapter_and_a_new_head_learn(
    folders: Folders, architecture: str, task: Task
) -> None:
    tried = Trial(QLoRA(bits="int8", rank=4), folders[architecture], task)
    check_start(tried)
    names = check_training(tried)
    assert all("lora_" in name or "modules_to_save" in name for name in names)


@every(*FOUR)
@pytest.mark.parametrize(("bits", "tolerance"), [("nf4", 1e-5), ("int8", 3e-2)])
def test_merged_into_float32_it_answers_alike_and_is_saved_as_any_other(
    folders: Folders, architecture: str, task: Task, bits: Held, tolerance: float, tmp_path: Path
) -> None:
    merged = check_merge(Trial(QLoRA(bits=bits, rank=4), folders[architecture], task), tolerance)
    assert {parameter.dtype for parameter in merged.network.parameters()} == {torch.float32}
    merged.network.save_pretrained(tmp_path)
    again = replace(merged, network=type(merged.network).from_pretrained(tmp_path).eval())
    assert torch.equal(outputs(again), outputs(merged))


def test_it_learns_also_after_it_was_read_without_learning(folders: Folders) -> None:
    tried = Trial(QLoRA(rank=4), folders["llama"])
    base = tried.base()
    for layer in base.network.modules():
        if "support_avx512bf16_for_cpu" in vars(layer):
            layer.support_avx512bf16_for_cpu = True  # where the processor has it, reading packs the weights
    model = tried.method.apply(base, 7)
    assert not [x for x in model.network.modules() if vars(x).get("support_avx512bf16_for_cpu")]
    outputs(model)
    before = learning(model)
    train(model, 2)
    after = learning(model)
    assert not [name for name in before if torch.equal(before[name], after[name])]


def test_it_says_how_the_base_must_be_held() -> None:
    assert (QLoRA().holds, QLoRA(bits="int8").holds) == ("nf4", "int8")


def test_a_base_in_full_is_refused(folders: Folders) -> None:
    with pytest.raises(BadOption, match=r"method\.qlora: .*It is not held in nf4"):
        QLoRA().apply(loaded(folders["llama"], LANGUAGE, 5), 7)


def test_a_target_that_is_not_there_is_refused(folders: Folders) -> None:
    network = loaded(folders["llama"], LANGUAGE, 5).network
    assert "no layer called 'q_porj'" in QLoRA(targets=("q_porj",)).refuses(network)


def test_without_bitsandbytes_the_extra_is_named(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    base = loaded(folders["llama"], LANGUAGE, 5)
    monkeypatch.setitem(sys.modules, "bitsandbytes.nn.modules", None)
    with pytest.raises(MissingExtra, match=r"method: qlora needs .*tunesmith\[quantised\]"):
        QLoRA().apply(base, 7)
