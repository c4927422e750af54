import json
import sys
from pathlib import Path

import pytest
import torch

from small_runs import read_recipe
from tunesmith.core.cards import Example, Place
from tunesmith.core.errors import BadBase, BadData, BadRecipe, MissingExtra
from tunesmith.evaluation.metric import bleu
from tunesmith.lifecycle.assemble import check_lock, key_of, lock, prepare_recipe


def test_rows_are_encoded_with_names_that_lead_to_them(tiny_folder: Path, tmp_path: Path) -> None:
    prepared = prepare_recipe(read_recipe(tmp_path, tiny_folder))
    assert prepared.dataset.ledger.rows_in == 40
    assert prepared.rhythm.steps == 2
    keys = [row.key for row in prepared.dataset.train]
    assert keys == [str(example.place) for example in prepared.dataset.examples["train"]]
    assert keys[0].startswith(f"{tmp_path / 'rows.jsonl'}:")


def test_two_rows_on_one_line_have_two_names() -> None:
    one, other = (Example(Place("a.txt", 1, byte), text="x") for byte in (0, 5))
    assert key_of(one) != key_of(other)


def test_no_weights_are_loaded_before_they_are_asked_for(tiny_folder: Path, tmp_path: Path) -> None:
    base = tmp_path / "no-weights"
    base.mkdir()
    for path in tiny_folder.glob("*.json"):
        (base / path.name).write_bytes(path.read_bytes())
    (base / "chat_template.jinja").write_bytes((tiny_folder / "chat_template.jinja").read_bytes())
    prepared = prepare_recipe(read_recipe(tmp_path, base))
    with pytest.raises(BadBase, match="no safetensors weights"):
        prepared.model()
    scratch = prepare_recipe(read_recipe(tmp_path, base, "method=scratch", "export=merged"))
    assert scratch.model().network.num_parameters() > 0


def test_rows_of_another_kind_than_the_objective_takes_are_refused(tiny_folder: Path, tmp_path: Path) -> None:
    recipe = read_recipe(tmp_path, tiny_folder, "objective=text")
    with pytest.raises(BadRecipe, match=r"takes text, but this source gives conversations.*objective: sft"):
        prepare_recipe(recipe)
    (tmp_path / "page.txt").write_text("Nothing but text.")
    source = f"data.source={{name: file, path: {json.dumps(str(tmp_path / 'page.txt'))}}}"
    with pytest.raises(BadRecipe, match=r"but this source gives text\. Did you mean objective: text"):
        prepare_recipe(read_recipe(tmp_path, tiny_folder, source))


def test_a_lock_changes_with_data_and_base_and_nothing_else_stops_a_run(
    tiny_folder: Path, tmp_path: Path
) -> None:
    before = lock(prepare_recipe(read_recipe(tmp_path, tiny_folder)), "base")
    again = lock(prepare_recipe(read_recipe(tmp_path, tiny_folder)), "base")
    assert before == again
    assert json.loads(json.dumps(before)) == before
    assert check_lock(before, again) == []
    other = lock(prepare_recipe(read_recipe(tmp_path, tiny_folder, count=41)), "base")
    with pytest.raises(BadData, match="The data changed since this run began"):
        check_lock(before, other)
    with pytest.raises(BadRecipe, match="The base changed since this run began"):
        check_lock(before, {**again, "base": "another"})
    newer = {**again, "versions": {**again["versions"], "torch": "99"}}
    assert check_lock(before, newer) == [f"torch was {before['versions']['torch']}, is 99"]


def test_a_lock_says_what_decides_the_bits(tiny_folder: Path, tmp_path: Path) -> None:
    found = lock(prepare_recipe(read_recipe(tmp_path, tiny_folder)), "base")
    assert found["versions"]["torch"] == torch.__version__
    assert found["machine"]["threads"] == 1
    assert found["seed"] == 7


def test_a_metric_whose_library_is_missing_is_named_before_anything_is_trained(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = read_recipe(tmp_path, tiny_folder, "evaluation.metrics=[bleu]")
    prepare_recipe(recipe)
    bleu._scorer.cache_clear()  # as in a process that has not loaded the library yet
    for name in [name for name in sys.modules if name.split(".")[0] == "sacrebleu"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtra, match=r"tunesmith\[metrics\]"):
        prepare_recipe(recipe)
