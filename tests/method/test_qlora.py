import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import BitsAndBytesConfig

from method_trials import CLASSES, Folders, Trial, check_training, every, learning, outputs, train
from tunesmith.core.cards import Model
from tunesmith.core.errors import BadOption, MissingExtra
from tunesmith.core.task import LANGUAGE, Task
from tunesmith.method._network import head
from tunesmith.method.qlora import QLoRA

CASES = (("llama", LANGUAGE), ("gpt2", LANGUAGE), ("bert", CLASSES), ("t5", LANGUAGE))

pytestmark = [
    pytest.mark.filterwarnings("ignore:matmul_4bit. weight was quantized:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:MatMul8bitLt:UserWarning"),
]


class Held(Trial):
    """A trial whose base is held in few bits."""

    def base(self) -> Model:
        """Load the base into 4 or 8 bits."""
        plain = super().base()
        bits: dict[str, Callable[..., BitsAndBytesConfig]] = {"nf4": _nf4, "int8": _int8}
        skipped = [*head(plain.network), "lm_head"]
        network = type(plain.network).from_pretrained(
            _saved(plain), quantization_config=bits[str(self.method.holds)](llm_int8_skip_modules=skipped)
        )
        for layer in network.modules():
            if "support_avx512bf16_for_cpu" in vars(layer):
                layer.support_avx512bf16_for_cpu = False
        return replace(plain, network=network.eval())


def _saved(model: Model) -> Path:
    folder = model.folder.parent / f"{model.folder.name}-{model.task.says}"
    if not folder.exists():
        model.network.save_pretrained(folder)
    return folder


def _nf4(**more: object) -> BitsAndBytesConfig:
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.float32,
        **more,
    )


def _int8(**more: object) -> BitsAndBytesConfig:
    return BitsAndBytesConfig(load_in_8bit=True, **more)


@every(*CASES)
@pytest.mark.parametrize("bits", ["nf4", "int8"])
def test_only_the_adapter_and_a_new_head_learn(
    folders: Folders, architecture: str, task: Task, bits: str
) -> None:
    tried = Held(QLoRA(bits=bits, rank=4), folders[architecture], task)  # type: ignore[arg-type]  # one of the two
    assert torch.equal(outputs(tried.start()), outputs(tried.base()))
    names = check_training(tried)
    assert all("lora_" in name or "modules_to_save" in name for name in names)


@every(*CASES)
@pytest.mark.parametrize(("bits", "tolerance"), [("nf4", 1e-5), ("int8", 3e-2)])
def test_merged_into_float32_it_answers_alike_and_is_saved_as_any_other(
    folders: Folders, architecture: str, task: Task, bits: str, tolerance: float, tmp_path: Path
) -> None:
    tried = Held(QLoRA(bits=bits, rank=4), folders[architecture], task)  # type: ignore[arg-type]  # one of the two
    trained = tried.trained()
    expected = outputs(trained)
    merged = tried.method.merge(trained)
    plain = Trial.base(tried).network
    assert {parameter.dtype for parameter in merged.network.parameters()} == {torch.float32}
    assert merged.network.state_dict().keys() == plain.state_dict().keys()
    assert (outputs(merged) - expected).abs().max() < tolerance * expected.abs().max()
    merged.network.save_pretrained(tmp_path)
    again = replace(merged, network=type(plain).from_pretrained(tmp_path).eval())
    assert torch.equal(outputs(again), outputs(merged))


def test_it_learns_also_after_it_was_read_without_learning(folders: Folders) -> None:
    tried = Held(QLoRA(rank=4), folders["llama"])
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
        Trial(QLoRA(), folders["llama"]).start()


def test_a_target_that_is_not_there_is_refused(folders: Folders) -> None:
    network = Trial(QLoRA(), folders["llama"]).base().network
    assert "no layer called 'q_porj'" in QLoRA(targets=("q_porj",)).refuses(network)


def test_without_bitsandbytes_the_extra_is_named(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    base = Trial(QLoRA(), folders["llama"]).base()
    monkeypatch.setitem(sys.modules, "bitsandbytes.nn.modules", None)
    with pytest.raises(MissingExtra, match=r"method: qlora needs .*tunesmith\[quantised\]"):
        QLoRA().apply(base, 7)
