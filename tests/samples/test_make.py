"""The sample data are what their script makes, and are fit to learn from."""

import csv
import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from statistics import mean

import pytest

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
FILES = ("products.jsonl", "tickets.csv", "preferences.jsonl")
FIELDS = {"products.jsonl": ["prompt", "completion"], "preferences.jsonl": ["prompt", "chosen", "rejected"]}
CARD = ["name", "category", "material", "colour", "size", "features", "price"]
LONGEST_ROW = 700  # characters that fit in a context of 512 tokens of a small vocabulary
LARGEST_TOTAL = 1_000_000

Row = dict[str, str]


def rows_of(name: str) -> list[Row]:
    """Read one committed file."""
    with (SAMPLES / name).open(encoding="utf-8", newline="") as file:
        if name.endswith(".csv"):
            return list(csv.DictReader(file, strict=True))
        return [json.loads(line) for line in file]


def card_of(row: Row) -> Row:
    """Read a product's attributes back from its prompt."""
    return dict(line.split(": ", 1) for line in row["prompt"].split("\n"))


def words(text: str) -> list[str]:
    """Part a text into small-letter words."""
    return re.findall(r"[\w']+", text.lower())


def is_held_out(row: Row) -> bool:
    """Hold out a tenth of the rows by a hash of the prompt."""
    return hashlib.sha256(row["prompt"].encode()).digest()[0] % 10 == 0


def likeness(one: Counter[str], other: Counter[str]) -> float:
    """The F1 of shared words, in any order: never less than ROUGE-L's."""
    return 2 * (one & other).total() / (one.total() + other.total())


def make(folder: Path, seed: int) -> None:
    """Run the script as a user would."""
    command = [sys.executable, str(SAMPLES / "make.py"), "--out", str(folder), "--seed", str(seed)]
    subprocess.run(command, check=True, capture_output=True)


def test_the_committed_files_are_what_the_script_makes(tmp_path: Path) -> None:
    make(tmp_path, seed=7)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (SAMPLES / name).read_bytes(), (
            f"{name} is stale: run make.py"
        )


def test_another_seed_makes_other_rows(tmp_path: Path) -> None:
    make(tmp_path, seed=8)
    for name in FILES:
        assert (tmp_path / name).read_bytes() != (SAMPLES / name).read_bytes()


def test_there_are_enough_rows() -> None:
    assert [len(rows_of(name)) for name in FILES] == [960, 734, 260]


@pytest.mark.parametrize("name", FIELDS)
def test_each_json_row_has_its_fields_and_text_in_them(name: str) -> None:
    for row in rows_of(name):
        assert list(row) == FIELDS[name]
        assert all(value and value == value.strip() for value in row.values())


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("products.jsonl", "prompt"),
        ("products.jsonl", "completion"),
        ("tickets.csv", "text"),
        ("preferences.jsonl", "prompt"),
    ],
)
def test_nothing_appears_twice(name: str, field: str) -> None:
    texts = [" ".join(words(row[field])) for row in rows_of(name)]
    assert len(set(texts)) == len(texts)


def test_a_description_tells_the_name_the_colour_the_material_and_each_feature() -> None:
    for row in rows_of("products.jsonl"):
        card, told = card_of(row), row["completion"].lower()
        assert all(card[field].lower() in told for field in ("name", "colour", "material")), row
        for feature in card["features"].split("; "):
            stems = [word[:5] for word in words(feature) if len(word) > 3] or words(feature)
            assert any(stem in told for stem in stems), f"{feature!r} is not told: {told}"


def test_a_description_has_the_shops_shape() -> None:
    rows = rows_of("products.jsonl")
    for row in rows:
        fields = [{"weight": "size"}.get(field, field) for field in card_of(row)]
        assert fields == CARD
        assert len(row["completion"].split()) in range(25, 61)
        assert len(row["prompt"]) + len(row["completion"]) <= LONGEST_ROW
        assert re.search(r"Larkfield,? for [\w' ]+\.$", row["completion"])
        assert not re.search(r"\b(a [aei]|an [^aeioh])|[{}]|  |\.\.", row["completion"], re.IGNORECASE)
    assert set(Counter(card_of(row)["category"] for row in rows).values()) == {64}


def test_held_out_descriptions_cannot_be_answered_by_copying() -> None:
    rows = rows_of("products.jsonl")
    held_out = [Counter(words(row["completion"])) for row in rows if is_held_out(row)]
    training = [Counter(words(row["completion"])) for row in rows if not is_held_out(row)]
    assert len(held_out) > len(rows) / 15
    closest = [max(likeness(one, other) for other in training) for one in held_out]
    assert mean(closest) < 0.65
    assert max(closest) < 0.85


def test_tickets_have_twelve_labels_of_unequal_size() -> None:
    rows = rows_of("tickets.csv")
    counts = Counter(row["label"] for row in rows)
    assert sorted(counts) == sorted(path.stem for path in (SAMPLES / "material" / "tickets").glob("*.json"))
    assert len(counts) == len(set(counts.values())) == 12
    assert min(counts.values()) >= 40
    assert max(counts.values()) <= 80
    assert all(list(row) == ["text", "label"] and row["text"] == row["text"].strip() for row in rows)


def test_length_does_not_tell_the_better_answer() -> None:
    rows = rows_of("preferences.jsonl")
    assert all(row["chosen"] != row["rejected"] for row in rows)
    assert 0.4 <= mean(len(row["chosen"]) > len(row["rejected"]) for row in rows) <= 0.6


@pytest.mark.parametrize("name", FILES)
def test_the_files_hold_plain_text(name: str) -> None:
    raw = (SAMPLES / name).read_bytes()
    text = raw.decode("utf-8")
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert set(text) - {"\n"} <= {*map(chr, range(32, 127)), "£"}


def test_the_files_are_small() -> None:
    assert sum((SAMPLES / name).stat().st_size for name in FILES) < LARGEST_TOTAL
