import json
import shutil
import sys
from pathlib import Path

import pytest
import torch

from small_runs import read_recipe, write_rows
from tunesmith.core.contracts import Source
from tunesmith.core.errors import BadBase, BadData, BadRecipe, MissingExtra
from tunesmith.core.example import Example, Place
from tunesmith.core.recipe import Recipe
from tunesmith.core.registry import Registry
from tunesmith.evaluation.metric import bleu
from tunesmith.lifecycle import assemble
from tunesmith.lifecycle.assemble import check_lock, lock, look_into, prepare_recipe


def test_rows_are_encoded_with_names_that_lead_to_them(tiny_folder: Path, tmp_path: Path) -> None:
    prepared = prepare_recipe(read_recipe(tmp_path, tiny_folder))
    assert prepared.dataset.ledger.rows_in == 40
    assert prepared.rhythm.steps == 2
    keys = [row.key for row in prepared.dataset.train]
    assert keys == [str(example.place) for example in prepared.dataset.examples["train"]]
    assert keys[0].startswith(f"{tmp_path / 'rows.jsonl'}:")


def test_relative_paths_are_seen_from_where_the_run_was_started(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started_in, here = tmp_path / "there", tmp_path / "here"
    here.mkdir()
    shutil.copytree(tiny_folder, started_in / "models" / "mine")
    write_rows(started_in / "rows.jsonl", 40)
    recipe = read_recipe(tmp_path, Path("models/mine"), "data.source.path=rows.jsonl")
    monkeypatch.chdir(started_in)
    before = prepare_recipe(recipe)
    monkeypatch.chdir(here)
    found = prepare_recipe(recipe, started_in)
    assert (found.recipe, found.base) == (before.recipe, started_in / "models" / "mine")
    assert before.recipe.data.source.options["path"] == "rows.jsonl"
    assert [row.ids for row in found.dataset.train] == [row.ids for row in before.dataset.train]
    assert before.dataset.train[0].key.startswith("rows.jsonl:")  # as it was written, where that is enough
    with pytest.raises(BadData, match=r"There is no file"):
        prepare_recipe(recipe)


def test_two_rows_on_one_line_have_two_names() -> None:
    one, other = (Example(Place("a.txt", 1, byte), text="x") for byte in (0, 5))
    assert one.name != other.name


def test_no_weights_are_loaded_before_they_are_asked_for(tiny_folder: Path, tmp_path: Path) -> None:
    base = tmp_path / "damaged"
    base.mkdir()
    for path in tiny_folder.glob("*.json"):
        (base / path.name).write_bytes(path.read_bytes())
    (base / "chat_template.jinja").write_bytes((tiny_folder / "chat_template.jinja").read_bytes())
    (base / "model.safetensors").write_bytes(b"not weights")
    prepared = prepare_recipe(read_recipe(tmp_path, base))
    with pytest.raises(BadBase, match="cannot be loaded as a language model"):
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


EITHER = """
from dataclasses import dataclass

from tunesmith.core.contracts import Objective


@dataclass(frozen=True, kw_only=True)
class Either(Objective):
    takes = frozenset({"conversations", "text"})

    def encode(self, example, chat):
        raise AssertionError("nothing is encoded that does not fit")

    loss = encode
"""
"""An objective from another package: the recipe alone does not say whether there are answers."""


def test_answers_are_not_scored_where_the_rows_have_none(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "either.py").write_text(EITHER)
    installed = tmp_path / "either-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: either\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[tunesmith.objective]\neither = either:Either\n")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "page.txt").write_text("Nothing but text.")
    source = f"data.source={{name: file, path: {json.dumps(str(tmp_path / 'page.txt'))}}}"
    changes = (source, "objective=either", "evaluation.metrics=[perplexity, rouge_l]")
    with pytest.raises(BadRecipe, match="The metrics rouge_l score answers, but raw text has none"):
        prepare_recipe(read_recipe(tmp_path, tiny_folder, *changes))


def test_a_lock_changes_with_data_and_base_and_nothing_else_stops_a_run(
    tiny_folder: Path, tmp_path: Path
) -> None:
    before = lock(prepare_recipe(read_recipe(tmp_path, tiny_folder)), "base")
    again = lock(prepare_recipe(read_recipe(tmp_path, tiny_folder)), "base")
    assert {**before, "precision": None} == {**again, "precision": None}  # measured speeds differ a little
    assert json.loads(json.dumps(before)) == before
    assert check_lock(before, again) == []
    other = lock(prepare_recipe(read_recipe(tmp_path, tiny_folder, count=41)), "base")
    with pytest.raises(BadData, match="The data changed since this run began"):
        check_lock(before, other)
    with pytest.raises(BadRecipe, match="The base changed since this run began"):
        check_lock(before, {**again, "base": "another"})
    with pytest.raises(BadRecipe, match="What the method goes on from changed since this run began"):
        check_lock(before, {**again, "reads": "another"})
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


def test_paths_of_sources_inside_a_source_are_seen_from_the_folder_too(tmp_path: Path) -> None:
    files = [{"name": "csv", "path": "rows.csv"}, {"name": "url", "url": "https://host/rows.csv"}]
    parts = {"sources": [{"source": file, "times": 2} for file in files]}
    source = assemble._seen_from(tmp_path, Registry("data.source", Source).build("mix", parts))
    assert source.sources[0].source.path == tmp_path / "rows.csv"
    assert (source.sources[0].times, source.sources[1].source.folder) == (2.0, None)


def test_prepared_data_follows_from_the_files_and_models_that_options_name(
    tiny_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(tiny_folder, tmp_path / "writer")
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "index.noun").write_text("one")
    (tmp_path / "key").write_text("one")
    named = ("writer", tmp_path / "words", tmp_path / "key")
    before = [list(assemble._contents(option, tmp_path)) for option in named]
    assert all(before)
    config = tmp_path / "writer" / "config.json"
    for file in (config, tmp_path / "words" / "index.noun", tmp_path / "key"):
        file.write_text(f"{file.read_text()} ")
    after = [list(assemble._contents(option, tmp_path)) for option in named]
    assert all(one != other for one, other in zip(before, after, strict=True))
    for option in ("", "Say it in other words." * 100, "org/name", 0.2, None, tmp_path / "missing"):
        assert list(assemble._contents(option, tmp_path)) == []


def test_what_is_wanted_of_a_row_belongs_to_the_data(bert_folder: Path, tmp_path: Path) -> None:
    """Two files with the same texts and other tags are other data."""
    locked: list[object] = []
    for tags in (["B", "O"], ["O", "B"]):
        rows = [
            {"words": [word, "card"], "tags": tags} for word in ("my", "your", "the", "lost", "late", "bad")
        ]
        path = tmp_path / "rows.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        recipe = Recipe.model_validate(
            {
                "name": "tags",
                "goal": "Tag.",
                "base": str(bert_folder),
                "data": {"source": {"name": "jsonl", "path": str(path)}},
                "objective": "tags",
                "evaluation": {"metrics": ["word_accuracy"]},
            }
        )
        prepared = look_into(recipe)
        assert list(prepared.dataset.train[0].weights) == [0.0, 1.0, 1.0, 0.0]
        locked.append(lock(prepared, "base")["data"])
    assert locked[0] != locked[1]
