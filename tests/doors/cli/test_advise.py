import json
from pathlib import Path

import pytest

from command_line import Command
from small_runs import write_recipe


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def test_a_table_says_what_fits_and_the_end_what_to_choose(
    command: Command, tiny_folder: Path, tmp_path: Path
) -> None:
    recipe = write_recipe(tmp_path, tiny_folder)
    told = command("advise", recipe, "--memory", "16")
    assert told.code == 0
    lines = told.out.splitlines()
    assert lines[0].split()[:4] == ["base", "size", "licence", "lora"]
    assert lines[1].startswith(f"{tiny_folder} (the recipe's own)")
    assert any(line.startswith("left out, ") and "this is an encoder" in line for line in lines)
    (best,) = [line.removeprefix("recommended: ") for line in lines if line.startswith("recommended: ")]
    base, method = best.split(", ")
    # which one it is follows from this machine's speed; the recipe has lora, which need not be written
    change = "" if method == "lora" else f" method={method}"
    assert lines[-1] == f"next: tunesmith run {recipe} base={base}{change}"
    assert "measuring products and memory" in told.err


def test_a_program_gets_every_choice(command: Command, tiny_folder: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, tiny_folder)
    told = json.loads(command("advise", recipe, "--memory", "16", "--json").out)
    assert told["room_bytes"] == pytest.approx(16e9 * 0.85 - 450e6)
    assert {choice["base"] for choice in told["choices"]} >= {str(tiny_folder), "openai-community/gpt2"}
    assert told["recommended"]["estimate"]["fits"] is True
    assert told["why"]
    wider = json.loads(command("advise", recipe, "--memory", "16", "--licence", "any", "--json").out)
    assert len(wider["choices"]) > len(told["choices"])


def test_a_catalogue_of_one_s_own_that_is_wrong_is_refused(
    command: Command, tiny_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.yaml").write_text("bases: {a/b: {layers: 3}}")
    told = command("advise", write_recipe(tmp_path, tiny_folder), "--bases", tmp_path / "mine.yaml")
    assert told.code == 2
    assert "mine.yaml:1: a/b.architecture: Field required" in told.err
