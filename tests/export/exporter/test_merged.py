from pathlib import Path

import pytest
from safetensors import safe_open

from trained_models import PROMPTS, next_token_logits, train_two_steps
from tunesmith.core.cards import Model
from tunesmith.core.contracts import Method
from tunesmith.export.exporter.merged import Merged
from tunesmith.method.full import Full
from tunesmith.method.lora import LoRA
from tunesmith.method.scratch import Scratch


def test_plain_transformers_loads_merged_weights_that_answer_like_the_adapter(
    trained: Model, tmp_path: Path
) -> None:
    expected = next_token_logits(trained.network, PROMPTS)
    Merged().write(trained, LoRA(), tmp_path)
    assert (plain_logits(tmp_path) - expected).abs().max() < 1e-5


@pytest.mark.parametrize("method", [Full(), Scratch()])
def test_weights_that_were_trained_themselves_are_written_as_they_are(
    method: Method, tiny_model: Model, tmp_path: Path
) -> None:
    trained = train_two_steps(method.apply(tiny_model, 5))
    expected = next_token_logits(trained.network, PROMPTS)
    Merged().write(trained, method, tmp_path)
    assert (plain_logits(tmp_path) == expected).all()


def test_bfloat16_halves_the_file_and_rounds_the_weights(trained: Model, tmp_path: Path) -> None:
    expected = next_token_logits(trained.network, PROMPTS)
    Merged(dtype="bfloat16").write(trained, LoRA(), tmp_path)
    with safe_open(tmp_path / "model.safetensors", framework="pt") as file:
        assert {file.get_slice(name).get_dtype() for name in file.keys()} == {"BF16"}  # noqa: SIM118 # not a dict
    rounded = plain_logits(tmp_path)
    assert 0 < (rounded - expected).abs().max() < 0.5 * expected.std()


def test_sampling_options_that_transformers_refuses_to_write_do_not_stop_the_export(
    tiny_model: Model, tmp_path: Path
) -> None:
    tiny_model.network.generation_config.temperature = (
        0.6  # without do_sample: some published bases have it so
    )
    Merged().write(Full().apply(tiny_model, 0), Full(), tmp_path)
    assert (tmp_path / "model.safetensors").is_file()


def plain_logits(folder: Path):
    import torch
    from transformers import AutoModelForCausalLM

    return next_token_logits(AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32), PROMPTS)
