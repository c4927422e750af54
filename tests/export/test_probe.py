import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tunesmith.core.cards import Model
from tunesmith.core.errors import DamagedFile, NonFinite
from tunesmith.export import probe
from tunesmith.export.facts import PROBES
from tunesmith.method.lora import LoRA


def test_a_model_agrees_with_its_own_probes_to_the_bit(tiny_model: Model, tmp_path: Path) -> None:
    probe.write(tiny_model, PROBES, tmp_path)
    assert probe.compare(tiny_model, tmp_path) == probe.Comparison(0.0, probe.EXACT)


def test_probes_are_taken_without_dropout_and_leave_training_on(tiny_model: Model, tmp_path: Path) -> None:
    model = LoRA(dropout=0.5).apply(tiny_model, 0)
    with torch.no_grad():
        for name, parameter in model.network.named_parameters():
            if "lora_B" in name:
                parameter.fill_(0.5)
    model.network.train()
    probe.write(model, PROBES, tmp_path)
    assert probe.compare(model, tmp_path).difference == 0
    assert model.network.training


def test_a_changed_weight_is_too_far_away(tiny_model: Model, tmp_path: Path) -> None:
    probe.write(tiny_model, PROBES, tmp_path)
    with torch.no_grad():
        tiny_model.network.get_parameter("model.norm.weight").mul_(1.01)
    assert not probe.compare(tiny_model, tmp_path).is_close


def test_a_logit_that_is_not_a_number_is_never_close(tiny_model: Model, tmp_path: Path) -> None:
    probe.write(tiny_model, PROBES, tmp_path)
    with torch.no_grad():
        tiny_model.network.get_parameter("model.norm.weight")[0] = torch.nan
    assert not probe.compare(tiny_model, tmp_path).is_close
    with pytest.raises(NonFinite, match="not packaged"):
        probe.write(tiny_model, PROBES, tmp_path / "again")


def test_a_bfloat16_package_may_differ_by_rounding_but_not_by_much(tiny_model: Model, tmp_path: Path) -> None:
    probe.write(tiny_model, PROBES, tmp_path)
    save_file({"weight": torch.zeros(1, dtype=torch.bfloat16)}, tmp_path / "model.safetensors")
    logits = load_file(tmp_path / probe.LOGITS)["logits"]
    tolerance = probe.compare(tiny_model, tmp_path).tolerance
    assert tolerance == pytest.approx(0.5 * float(logits.std()))
    assert tolerance < float(logits.abs().max())


def test_other_token_ids_are_refused_from_where_they_differ(tiny_model: Model, tmp_path: Path) -> None:
    probe.write(tiny_model, PROBES, tmp_path)
    path = tmp_path / probe.PROMPTS
    content = json.loads(path.read_text(encoding="utf-8"))
    content["prompts"][1]["ids"][3] = 299
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(DamagedFile, match=r"Two  spaces.*from position 3 on, \[299, "):
        probe.compare(tiny_model, tmp_path)


def test_another_number_of_logits_is_refused(tiny_model: Model, tmp_path: Path) -> None:
    probe.write(tiny_model, PROBES, tmp_path)
    tiny_model.network.resize_token_embeddings(310, mean_resizing=False)
    with pytest.raises(DamagedFile, match=r"gives \[4, 310\] logits, \[4, 300\] were stored"):
        probe.compare(tiny_model, tmp_path)


def test_an_adapter_that_changes_nothing_is_noted(tiny_model: Model, tmp_path: Path) -> None:
    model = LoRA().apply(tiny_model, 0)
    probe.write(model, PROBES, tmp_path)
    assert "changes nothing" in probe.compare(model, tmp_path).notes[0]
    with torch.no_grad():
        for name, parameter in model.network.named_parameters():
            if "lora_B" in name:
                parameter.fill_(0.1)
    assert not probe.compare(model, tmp_path).notes
