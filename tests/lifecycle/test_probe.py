import json
from pathlib import Path

import pytest

from trained_models import facts_of_a_run, train_two_steps
from tunesmith.core.cards import Model
from tunesmith.export import package
from tunesmith.export.exporter.adapter import Adapter
from tunesmith.lifecycle import probe
from tunesmith.method.lora import LoRA


def test_a_package_is_held_against_its_probes_in_one_line(
    tiny_model: Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = train_two_steps(LoRA().apply(tiny_model, 0))
    package.write(model, LoRA(), Adapter(), tmp_path / "demo", facts_of_a_run())
    assert probe.main(str(tmp_path / "demo")) == 0
    (line,) = capsys.readouterr().out.splitlines()
    answer = json.loads(line)
    assert answer["difference"] <= answer["tolerance"] == 1e-4
    assert answer["notes"] == []


def test_an_untrained_adapter_is_fine_but_noted(tiny_model: Model, tmp_path: Path) -> None:
    package.write(LoRA().apply(tiny_model, 0), LoRA(), Adapter(), tmp_path / "demo", facts_of_a_run())
    comparison = probe.probe(tmp_path / "demo")
    assert comparison.is_close
    assert "changes nothing" in comparison.notes[0]


def test_an_error_is_printed_with_its_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert probe.main(str(tmp_path)) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["kind"] == "DamagedFile"
    assert "package.json is missing" in answer["error"]
