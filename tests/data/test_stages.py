"""Each stage does its part, in order, and every row is accounted for."""

import json
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import Mock

import pytest

from tunesmith.core.audit import Finding, Given, Material
from tunesmith.core.cards import Encoded
from tunesmith.core.contracts import Augmenter, Check, Cleaner, Source
from tunesmith.core.errors import BadData
from tunesmith.core.example import BadRow, Cleaned, Example, Kind, Made, Place
from tunesmith.core.recipe import Data, Selection, Split
from tunesmith.data.dataset import Dataset, prepare
from tunesmith.data.stages import Steps


@dataclass(frozen=True)
class Memory(Source):
    rows: tuple[Example | BadRow, ...]

    def gives(self) -> Kind:
        return "text"

    def reads_as(self) -> str:
        return "rows from memory"

    def read(self) -> Iterator[Example | BadRow]:
        yield from self.rows

    def fingerprint(self) -> None:
        return None


@dataclass(frozen=True)
class Shout(Cleaner):
    """Drops rows that hold a hyphen, and writes some others in capitals."""

    def clean(self, rows: Sequence[Example], given: Given) -> Iterator[Cleaned]:
        assert len(list(rows)) == len(rows)  # they can be read before they are decided on
        assert len(given.held_out) == 0
        for row in rows:
            if "-" in row.text:
                yield Cleaned(None, "hyphen", "it was there")
            elif row.place.line % 2:
                yield Cleaned(replace(row, text=row.text.upper()), "capitals")
            else:
                yield Cleaned(row)


@dataclass(frozen=True)
class Forget(Cleaner):
    """Drops training rows that are held out elsewhere."""

    after_split = True

    def clean(self, rows: Sequence[Example], given: Given) -> Iterator[Cleaned]:
        held = {row.text for row in given.held_out}
        assert held
        for row in rows:
            yield Cleaned(None, "held out") if row.text in held else Cleaned(row)


@dataclass(frozen=True)
class Echo(Augmenter):
    """Makes a copy of every row with an exclamation mark."""

    def augment(self, rows: Sequence[Example], given: Given, seed: int) -> Iterator[Made]:
        for row in rows:
            made = replace(row, text=f"{row.text}!{seed}", made_by="echo")
            yield Made(made, "unlucky" if "3" in row.text else "")


@dataclass(frozen=True)
class Counts(Check):
    """Says how many rows it saw on each side, and how many it holds against."""

    def look(self, material: Material) -> list[Finding]:
        assert all(len(material.rows[name]) == len(material.tokens[name]) for name in material.rows)
        seen = {name: len(rows) for name, rows in (*material.rows.items(), *material.held_against.items())}
        return [Finding("counts", "note", json.dumps(seen))]


def rows(count: int, source: str = "", text: str = "text {}") -> tuple[Example, ...]:
    lines = range(1, count + 1)
    return tuple(Example(Place(f"{source}.txt", n, n), text=text.format(n), source=source) for n in lines)


def encode(examples: Sequence[Example]) -> Iterator[list[Encoded]]:
    for example in examples:
        ids = array("i", list(example.text.encode()))
        yield [Encoded(ids, array("f", [0.0] + [1.0] * (len(ids) - 1)))]


def use(folder: Path, given: Sequence[Example | BadRow], split: float = 0, **steps: object) -> Dataset:
    folder.mkdir(exist_ok=True)
    plan = Data(source=Selection(name="file"), split=Split(validation=split, test=split))
    return prepare(Steps(Memory(tuple(given)), plan, encode, Mock(), 100, **steps), folder)


def texts(dataset: Dataset, side: str = "train") -> list[str]:
    return [row.text for row in dataset.examples[side]]


def journal(dataset: Dataset) -> list[dict[str, str]]:
    return [json.loads(line) for line in bytes(dataset.journal).splitlines()]


def test_cleaners_decide_on_every_row_and_the_ledger_says_what_they_did(tmp_path: Path):
    given = [*rows(4), Example(Place("x", 9), text="a-b")]
    dataset = use(tmp_path, given, cleaners=(Shout(),))
    assert texts(dataset) == ["TEXT 1", "text 2", "TEXT 3", "text 4"]
    assert dataset.ledger.changed == {"capitals": 2}
    assert dataset.ledger.dropped["hyphen"].rows == 1
    assert [(line["row"], line["what"]) for line in journal(dataset)] == [
        (".txt:1 (byte 1)", "changed"),
        (".txt:3 (byte 3)", "changed"),
        ("x:9", "dropped"),
    ]
    assert journal(dataset)[-1]["detail"] == "it was there"


def test_a_cleaner_that_loses_a_row_is_not_believed(tmp_path: Path):
    @dataclass(frozen=True)
    class Loses(Cleaner):
        def clean(self, rows: Sequence[Example], given: Given) -> Iterator[Cleaned]:
            yield from (Cleaned(row) for row in rows[1:])

    with pytest.raises(ValueError, match="shorter"):
        use(tmp_path, rows(3), cleaners=(Loses(),))


def test_after_the_split_cleaners_see_training_rows_and_what_is_held_out(tmp_path: Path):
    given = rows(200)
    against = Memory(tuple(replace(row, source="exam") for row in rows(200)[50:60]))
    whole = use(tmp_path / "whole", given, 0.2)
    dataset = use(tmp_path / "less", given, 0.2, cleaners=(Forget(),), against=(against,))
    exam = {f"text {n}" for n in range(51, 61)}
    assert texts(dataset) == [text for text in texts(whole) if text not in exam]
    assert texts(dataset, "test") == texts(whole, "test")
    assert dataset.ledger.dropped["held out"].rows == len(texts(whole)) - len(texts(dataset)) > 0


def test_new_rows_are_made_of_training_rows_alone_and_named_apart(tmp_path: Path):
    dataset = use(tmp_path, rows(100), 0.2, augmenters={"echo": Echo()}, seed=5)
    train = texts(dataset)
    own = [text for text in train if "!" not in text]
    lucky = [text for text in own if "3" not in text]
    assert train[len(own) :] == [f"{text}!5" for text in lucky]
    assert dataset.ledger.made == {"echo": len(own)}
    assert dataset.ledger.dropped["made by echo: unlucky"].rows == len(own) - len(lucky) > 0
    assert dataset.ledger.rows_in == 100
    assert not any("!" in text for side in ("validation", "test") for text in texts(dataset, side))
    assert len({row.name for row in dataset.examples["train"]}) == len(train)
    assert dataset.train[len(own)].key.endswith(", echo")


def test_checks_see_what_would_be_trained_on(tmp_path: Path):
    dataset = use(
        *(tmp_path, rows(100), 0.2),
        cleaners=(Forget(),),
        augmenters={"echo": Echo()},
        checks={"counts": Counts()},
        against=(Memory(rows(3, "exam")),),
    )
    (found,) = dataset.findings
    sides = {name: len(dataset.examples[name]) for name in ("train", "validation", "test")}
    assert json.loads(found.sentence) == {**sides, "exam": 3}


def test_evaluation_sets_of_the_same_name_are_all_held_against(tmp_path: Path):
    against = (Memory(rows(3, "exam")), Memory(rows(5, "exam")))
    (found,) = use(tmp_path, rows(100), checks={"counts": Counts()}, against=against).findings
    assert json.loads(found.sentence) == {"train": 100, "validation": 0, "test": 0, "exam": 3, "exam (2)": 5}


def test_an_evaluation_set_with_a_row_that_cannot_be_read_is_refused(tmp_path: Path):
    against = Memory((BadRow(Place("exam.jsonl", 2, 9), "not valid JSON", "found", "Mend it."),))
    with pytest.raises(BadData, match=r"data\.audit\.against\.0: exam\.jsonl:2 \(byte 9\): not valid JSON"):
        use(tmp_path, rows(3), against=(against,))


def test_an_evaluation_set_without_rows_is_refused(tmp_path: Path):
    with pytest.raises(BadData, match=r"data\.audit\.against\.0: there are no rows"):
        use(tmp_path, rows(3), against=(Memory(()),))


def test_a_row_is_shown_as_often_as_its_source_says_and_only_in_training(tmp_path: Path):
    twice = [replace(row, times=2.0) for row in rows(50)]
    half = [replace(row, times=0.5, text=f"half {row.text}") for row in rows(400, "half")]
    dataset = use(tmp_path, [*twice, *half], 0.2)
    own = {row.name: row for row in dataset.examples["train"]}
    shown = [own[sequence.key] for sequence in dataset.train]
    whole = [row for row in dataset.examples["train"] if row.times == 2]
    assert sum(row.times == 2 for row in shown) == 2 * len(whole) > 0
    left_out = dataset.ledger.dropped["left out by its weight"].rows
    of_half = sum(row.times == 0.5 for row in shown)
    assert of_half == pytest.approx(left_out, abs=60)
    assert len(dataset.test) == len(texts(dataset, "test"))
    assert any(note.startswith("Training rows shown more than once") for note in dataset.ledger.notes)


def test_the_account_names_each_source(tmp_path: Path):
    dataset = use(tmp_path, [*rows(3, "shop"), *rows(2, "forum", "post {}")])
    assert {name: one.rows_in for name, one in dataset.ledger.sources.items()} == {"shop": 3, "forum": 2}


def test_only_what_is_needed_later_stays_in_the_folder(tmp_path: Path):
    use(tmp_path, rows(5), cleaners=(Shout(),), augmenters={"echo": Echo()})
    assert {path.name for path in tmp_path.iterdir()} == {
        *(
            f"{side}{end}"
            for side in ("train", "validation", "test")
            for end in (".jsonl", ".ends", "-tokens")
        ),
        *("journal.jsonl", "summary.json", "times"),
    }
