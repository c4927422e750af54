import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine_parts import encoded, random_rows
from kept_memories import DISK, files
from tiny_networks import network_of
from tunesmith.core.cards import Encoded
from tunesmith.core.contracts import Memory
from tunesmith.core.errors import BadData, BadRecipe
from tunesmith.core.memory import Changed, Forward, Reader, Remembered
from tunesmith.core.registry import Registry
from tunesmith.engine.fit import fit
from tunesmith.engine.validation import likelihoods
from tunesmith.memory import _clusters, _store
from tunesmith.memory.neighbours import Neighbours

ROWS = random_rows(14)
OPTIONS = Neighbours(k=8)


def remembered(rows: list[Encoded], source: str = "book") -> list[Remembered]:
    return [Remembered(row.key, source, sequences=(row,)) for row in rows]


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with fit(network_of("llama")) as forward:
        yield Reader("the model", forward)


def forward_of(reader: Reader) -> Forward:
    assert reader.forward is not None
    return reader.forward


def cost(forward: Forward, rows: list[Encoded]) -> float:
    """Give nats per token."""
    found = likelihoods(forward, rows, 1000)
    return sum(cost for cost, _ in found) / sum(count for _, count in found)


def test_it_is_found_by_name() -> None:
    registry = Registry("memory", Memory)
    assert registry.names() == ["neighbours", "retrieval"]
    assert registry.build("neighbours", {"k": 8}) == OPTIONS


def test_removing_rows_is_never_having_read_them_to_the_bit(tmp_path: Path, reader: Reader) -> None:
    OPTIONS.add(remembered(ROWS[:4]) + remembered(ROWS[4:8], "notes"), tmp_path / "all", reader, DISK)
    assert OPTIONS.remove(tmp_path / "all", DISK, keys=[ROWS[1].key], sources=["notes"]).removed == 5
    left = [ROWS[0], ROWS[2], ROWS[3]]
    changed = OPTIONS.add(remembered(left), tmp_path / "few", reader, DISK)
    assert changed == Changed(3, 0, 0, 3, sum(row.trained for row in left))
    assert files(tmp_path / "all") == files(tmp_path / "few")


def test_all_sequences_of_a_row_come_and_go_together(tmp_path: Path, reader: Reader) -> None:
    windows = tuple(replace(row, key="chapter") for row in ROWS[:3])
    OPTIONS.add([Remembered("chapter", sequences=windows), *remembered(ROWS[3:5])], tmp_path, reader, DISK)
    assert OPTIONS.remove(tmp_path, DISK, keys=["chapter"]) == Changed(
        0, 0, 1, 2, sum(row.trained for row in ROWS[3:5])
    )


def test_a_planted_beginning_makes_its_end_as_likely_as_the_formula_says(
    tmp_path: Path, reader: Reader
) -> None:
    forward = forward_of(reader)
    beginning = [7, 31, 12, 99, 54]
    stored = encoded([*beginning, 200], [0] * 5 + [1], "stored")
    asked = encoded([*beginning, 200, 3], [0] * 5 + [1, 0], "held out")
    options = Neighbours(k=1, weight=0.4, temperature=1.0, keys="float32")
    options.add([*remembered([stored]), *remembered(ROWS[:5])], tmp_path, reader, DISK)
    without = cost(forward, [asked])
    found = cost(options.open(tmp_path, reader).scoring(forward), [asked])
    assert found == pytest.approx(-math.log(0.6 * math.exp(-without) + 0.4), rel=1e-6)
    assert found < without - 1


def test_tuned_on_held_out_rows_it_costs_no_more_there_and_nothing_else_is_written(
    tmp_path: Path, reader: Reader
) -> None:
    forward, held_out = forward_of(reader), ROWS[10:]
    planted = [replace(row, key=f"{row.key}, again", ids=row.ids[:-1] + row.ids[:1]) for row in held_out[:2]]
    OPTIONS.add(remembered([*ROWS[:10], *planted]), tmp_path, reader, DISK)
    before = files(tmp_path)
    said = OPTIONS.tune(held_out, tmp_path, reader, DISK)
    after = files(tmp_path)
    assert {name for name in after if after[name] != before[name]} == {"manifest.json"}
    recall = OPTIONS.open(tmp_path, reader)
    without, found = cost(forward, held_out), cost(recall.scoring(forward), held_out)
    assert found < without
    assert "8 neighbours weigh 0." in said


def test_the_recorded_costs_are_those_of_validation(tmp_path: Path, reader: Reader) -> None:
    rows = [encoded(row.ids, [min(weight, 1.0) for weight in row.weights], row.key) for row in ROWS[10:]]
    OPTIONS.add(remembered(ROWS[:10]), tmp_path, reader, DISK)
    OPTIONS.tune(rows, tmp_path, reader, DISK)
    tuned = _store.read(tmp_path, "neighbours").manifest.tuned
    forward = forward_of(reader)
    assert tuned["without"] == pytest.approx(cost(forward, rows), rel=1e-6)
    scoring = OPTIONS.open(tmp_path, reader).scoring(forward)
    assert tuned["loss"] == pytest.approx(cost(scoring, rows), rel=1e-5)
    assert tuned["loss"] <= tuned["without"]


def test_rows_that_are_in_the_memory_do_not_make_it_look_good(tmp_path: Path, reader: Reader) -> None:
    OPTIONS.add(remembered(ROWS), tmp_path, reader, DISK)
    OPTIONS.tune(ROWS, tmp_path, reader, DISK)  # random rows, which say nothing of each other
    assert _store.read(tmp_path, "neighbours").manifest.tuned["weight"] < 0.3


def test_weight_and_temperature_of_the_recipe_go_before_those_that_were_tuned(
    tmp_path: Path, reader: Reader
) -> None:
    OPTIONS.add(remembered(ROWS[:10]), tmp_path, reader, DISK)
    fixed = Neighbours(k=8, weight=0.125, temperature=3.0)
    assert fixed.tune(ROWS[10:], tmp_path, reader, DISK) == ""
    Neighbours(k=8, temperature=5.0).tune(ROWS[10:], tmp_path, reader, DISK)
    assert "weigh 0.125 at temperature 3" in fixed.open(tmp_path, reader).describe()[1]
    assert "at temperature 5" in OPTIONS.open(tmp_path, reader).describe()[1]


def test_a_memory_that_was_never_tuned_is_not_opened(tmp_path: Path, reader: Reader) -> None:
    OPTIONS.add(remembered(ROWS[:3]), tmp_path, reader, DISK)
    with pytest.raises(BadRecipe, match="never tuned"):
        OPTIONS.open(tmp_path, reader)
    with pytest.raises(BadRecipe, match="never tuned"):
        Neighbours(weight=0.2).open(tmp_path, reader)


def test_rows_of_which_nothing_is_wanted_tune_nothing(tmp_path: Path, reader: Reader) -> None:
    OPTIONS.add(remembered(ROWS[:3]), tmp_path, reader, DISK)
    with pytest.raises(BadData, match="no held-out token is wanted"):
        OPTIONS.tune([encoded([1, 2], [0, 0])], tmp_path, reader, DISK)


@pytest.mark.parametrize("changed", [{"state": "output"}, {"keys": "float32"}, {"index": "faiss"}])
def test_other_options_than_it_was_made_with_are_refused(
    tmp_path: Path, reader: Reader, changed: dict[str, Any]
) -> None:
    OPTIONS.add(remembered(ROWS[:3]), tmp_path, reader, DISK)
    other = replace(OPTIONS, weight=0.1, temperature=1.0, **changed)
    for use in (lambda: other.open(tmp_path, reader), lambda: other.add([], tmp_path, reader, DISK)):
        with pytest.raises(BadRecipe, match="made with other options"):
            use()


def test_another_model_s_memory_is_refused(tmp_path: Path, reader: Reader) -> None:
    OPTIONS.add(remembered(ROWS[:3]), tmp_path, reader, DISK)
    other = Reader("another", reader.forward)
    for use in (
        lambda: OPTIONS.open(tmp_path, other),
        lambda: OPTIONS.add([], tmp_path, other, DISK),
        lambda: OPTIONS.tune(ROWS, tmp_path, other, DISK),
    ):
        with pytest.raises(BadRecipe, match="made with another model"):
            use()


def test_an_empty_memory_leaves_the_model_alone(tmp_path: Path, reader: Reader) -> None:
    OPTIONS.add(remembered(ROWS[:3]), tmp_path, reader, DISK)
    OPTIONS.remove(tmp_path, DISK, sources=["book"])
    forward = forward_of(reader)
    recall = Neighbours(weight=0.5, temperature=1.0).open(tmp_path, reader)
    assert cost(recall.scoring(forward), ROWS) == cost(forward, ROWS)
    assert "0 rows with 0 tokens" in recall.describe()[0]


def test_with_clusters_costs_are_nearly_those_of_comparing_all(
    tmp_path: Path, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    faiss = pytest.importorskip("faiss")
    faiss.omp_set_num_threads(1)
    monkeypatch.setattr(_clusters, "FEWEST", 300)
    rows = random_rows(60, seed=5)
    forward, costs = forward_of(reader), list[float]()
    for index in ("exact", "faiss"):
        options = Neighbours(k=8, index=index, weight=0.3, temperature=20.0)  # type: ignore[arg-type]
        options.add(remembered(rows), tmp_path / index, reader, DISK)
        recall = options.open(tmp_path / index, reader)
        costs.append(cost(recall.scoring(forward), rows[:30]))
    assert costs[1] == pytest.approx(costs[0], rel=0.02)
    assert "index.faiss" in files(tmp_path / "faiss")
    assert recall.describe()[2].endswith("% of the nearest keys found")
    assert _store.read(tmp_path / "faiss", "neighbours").manifest.measured["recall"] > 0.9


def test_few_keys_are_all_compared_and_it_says_so(tmp_path: Path, reader: Reader) -> None:
    options = Neighbours(index="faiss", weight=0.3, temperature=20.0)
    options.add(remembered(ROWS), tmp_path, reader, DISK)
    assert "index.faiss" not in files(tmp_path)
    assert options.open(tmp_path, reader).describe()[2] == "all keys compared"


def test_keys_take_two_bytes_a_number_unless_asked_otherwise(tmp_path: Path, reader: Reader) -> None:
    for keys, size in (("float16", 2), ("float32", 4)):
        Neighbours(keys=keys).add(remembered(ROWS), tmp_path / keys, reader, DISK)  # type: ignore[arg-type]
        found = _store.read(tmp_path / keys, "neighbours").arrays["keys"]
        assert found.dtype == np.dtype(f"<f{size}")
        assert len(files(tmp_path / keys)["keys"]) == size * 32 * sum(row.trained for row in ROWS)


def test_it_lists_each_row_with_what_it_says_and_the_tokens_kept_of_it(
    tmp_path: Path, reader: Reader
) -> None:
    chapter = Remembered("chapter", "book", sequences=tuple(ROWS[:3]))
    OPTIONS.add([chapter, *remembered(ROWS[3:5], "notes")], tmp_path, reader, DISK)
    contents = OPTIONS.contents(tmp_path)
    assert [(row.key, row.source) for row in contents.rows] == [
        ("chapter", "book"),
        (ROWS[3].key, "notes"),
        (ROWS[4].key, "notes"),
    ]
    assert contents.rows[0].size == sum(row.trained for row in ROWS[:3])
    assert contents.rows[0].says == OPTIONS.says(replace(chapter, key="other name", source="other"))
    assert OPTIONS.says(replace(chapter, sequences=chapter.sequences[:2])) != contents.rows[0].says
    assert (contents.unit, contents.tuned) == ("tokens", "")


def test_it_says_what_was_tuned_but_not_what_was_given(tmp_path: Path, reader: Reader) -> None:
    OPTIONS.add(remembered(ROWS[:5]), tmp_path, reader, DISK)
    options = replace(OPTIONS, temperature=2.0)
    options.tune(ROWS[5:9], tmp_path, reader, DISK)
    tuned = _store.read(tmp_path, "neighbours").manifest.tuned
    assert options.contents(tmp_path).tuned == f"weight {tuned['weight']:.3g}"
    assert " and temperature " in OPTIONS.contents(tmp_path).tuned
