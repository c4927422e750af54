import re
from array import array
from dataclasses import replace
from pathlib import Path

import pytest

from remembering import orders, write_rows
from tunesmith.core.cards import Encoded, Model
from tunesmith.core.errors import BadData, DamagedFile
from tunesmith.core.memory import Contents, KeptRow, Remembered
from tunesmith.export.manifest import Base, Manifest
from tunesmith.lifecycle import asked_rows
from tunesmith.memory.retrieval import Retrieval

MEMORY = Retrieval()


def described(**made: object) -> Manifest:
    base = Base(name="b", revision=None, folder="b", fingerprint="f")
    return Manifest(name="n", kind="adapter", base=base, licence="", created="", made=made, files={})


def row(key: str, text: str, source: str = "") -> Remembered:
    return Remembered(key, source, text)


def holding(*rows: Remembered) -> Contents:
    return Contents(tuple(KeptRow(one.key, one.source, MEMORY.says(one), 1) for one in rows), "passages")


def test_rows_are_encoded_as_the_objective_of_the_package_does(tiny_model: Model, tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", orders(1, 2))
    rows = asked_rows.read(data, described(objective={"name": "sft"}), tiny_model)
    assert [one.key for one in rows] == [f"{data}:1 (byte 0)", rows[1].key]
    assert rows[0].text == "Where is order 1?\nOrder 1 is very late."
    (sequence,) = rows[0].sequences
    assert (
        tiny_model.chat.decode(
            [token for token, weight in zip(sequence.ids, sequence.weights, strict=True) if weight]
        ).strip()
        == "Order 1 is very late."
    )


def test_the_source_of_a_recipe_stands_for_its_rows(tiny_model: Model, tmp_path: Path) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_text('{"q": "why?", "a": "so"}\n')
    page = tmp_path / "recipe.yaml"
    page.write_text(
        "name: n\ngoal: g.\n"
        f"data: {{source: {{name: jsonl, path: {data}, columns: {{prompt: q, completion: a}}}}}}\n"
    )
    (found,) = asked_rows.read(page, described(objective={"name": "sft"}), tiny_model)
    assert found.text == "why?\nso"


def test_rows_that_do_not_fit_the_package_are_refused(tiny_model: Model, tmp_path: Path) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_text('{"text": "a text alone"}\n')
    with pytest.raises(BadData, match="gives text, which objective sft of the package does not take"):
        asked_rows.read(data, described(objective={"name": "sft"}), tiny_model)
    with pytest.raises(DamagedFile, match="does not say its objective"):
        asked_rows.read(data, described(), tiny_model)
    data.write_text('{"text": "a text alone"}\n{"text": 7}\n')
    with pytest.raises(BadData, match=r"1 of 2 rows cannot be used:\n.*rows\.jsonl:2"):
        asked_rows.read(data, described(objective={"name": "text"}), tiny_model)


def test_rows_that_no_run_would_keep_are_named(tiny_model: Model) -> None:
    fine = Encoded(array("i", [1, 2]), array("f", [0, 1]), "fine")
    long = replace(fine, ids=array("i", [1] * 300), weights=array("f", [1] * 300))
    silent = replace(fine, weights=array("f", [0, 0]))
    rows = [
        Remembered(name, sequences=(one,))
        for name, one in zip(("fine", "long", "silent"), (fine, long, silent), strict=True)
    ]
    with pytest.raises(BadData, match="2 of 3") as refused:
        asked_rows.check(rows, tiny_model)
    assert "long: 300 tokens, but the model reads 256" in str(refused.value)
    assert "silent: nothing of it is to be learned" in str(refused.value)
    asked_rows.check(rows[:1], tiny_model)


def test_what_is_said_already_is_not_new_and_nothing_is_new_twice() -> None:
    before = holding(row("old:1", "a"))
    rows = [row("x:1", "a"), row("x:2", "b"), row("x:3", "b"), row("x:4", "c")]
    assert asked_rows.new(rows, MEMORY, before) == [rows[1], rows[3]]


def test_a_name_that_means_another_row_is_refused_or_given_back() -> None:
    before = holding(row("x:1", "a"), row("x:2", "b"))
    rows = [row("x:1", "a"), row("x:2", "changed"), row("x:3", "new")]
    with pytest.raises(BadData, match=r"1 of 3 rows .*\nx:2\n.*--replace"):
        asked_rows.renamed(rows, MEMORY, before, replaces=False)
    assert asked_rows.renamed(rows, MEMORY, before, replaces=True) == ["x:2"]
    assert asked_rows.renamed(rows[:1], MEMORY, before, replaces=False) == []


def test_all_rows_that_say_the_same_are_found_and_those_that_are_nowhere_are_named() -> None:
    kept = [
        (MEMORY, holding(row("a:1", "one"), row("a:2", "one"), row("a:3", "two"))),
        (MEMORY, holding(row("b:1", "three"))),
    ]
    asked = [row("x:1", "one"), row("x:2", "three"), row("x:3", "four")]
    assert asked_rows.saying_the_same(asked, kept) == ({"a:1", "a:2", "b:1"}, ["x:3"])


KEYS = ("/data/a.jsonl:1 (byte 0)", "/data/a.jsonl:2 (byte 9)", "/other/a.jsonl:2 (byte 8)", "b.csv:2")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (KEYS[1], KEYS[1]),
        ("/data/a.jsonl:2", KEYS[1]),
        ("a.jsonl:1", KEYS[0]),
        ("a.jsonl:2 (byte 8)", KEYS[2]),
        ("b.csv:2", KEYS[3]),
    ],
)
def test_a_row_is_found_by_its_name_in_short(name: str, found: str) -> None:
    assert asked_rows.called([name], KEYS, "row") == {found}


def test_a_name_that_is_nobody_s_or_not_one_s_alone_is_refused() -> None:
    with pytest.raises(BadData, match=r"no row called 'a\.jsonl:3'\. Did you mean 'a\.jsonl:[12]'"):
        asked_rows.called(["a.jsonl:3"], KEYS, "row")
    both = re.escape("\n".join(KEYS[1:3]))
    with pytest.raises(BadData, match=f"'a.jsonl:2' can be any of these:\n{both}"):
        asked_rows.called(["a.jsonl:2"], KEYS, "row")


def test_what_was_made_from_a_row_goes_with_it() -> None:
    rows = holding(row("a:1", "x"), row("a:1, synonyms 1", "y"), row("a:10", "z"), row("b, c:1", "v")).rows
    assert asked_rows.with_those_made_from({"a:1"}, rows) == {"a:1", "a:1, synonyms 1"}
