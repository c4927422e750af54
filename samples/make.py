"""Make Tunesmith's three sample data sets from the hand-written material beside this file.

Run `python samples/make.py --out samples --seed 7`. The same seed gives the same bytes on every machine.
"""

import argparse
import csv
import io
import json
import random
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

MATERIAL = Path(__file__).resolve().parent / "material"
PRODUCTS_PER_CATEGORY = 64
PAIRS_PER_TOPIC = 10
WORDS = range(28, 59)
LAYOUTS = ("ABCSXE", "AXBCSE", "ASBCXE", "ABSCXE", "ABXSCE", "XABCSE")
VOICES = {"plain": 26, "polite": 22, "terse": 21, "rambling": 16, "angry": 15}

Row = dict[str, str]
Slots = dict[str, str]


class Dealer:
    """Draw from hand-written lists as from shuffled packs of cards, so that every line gets its turn."""

    def __init__(self, rng: random.Random) -> None:
        """Keep the source of chance that all packs share."""
        self.rng = rng
        self._packs: dict[tuple[Any, ...], list[Any]] = {}

    def draw(self, items: Sequence[Any]) -> Any:
        """Take the next card of this list's pack, shuffling a new pack when it is used up."""
        pack = self._packs.setdefault(tuple(items), [])
        if not pack:
            pack.extend(items)
            self.rng.shuffle(pack)
        return pack.pop()

    def chance(self, share: float) -> bool:
        """Say yes this share of the time."""
        return self.rng.random() < share


def read(path: Path) -> Any:
    """Load one file of hand-written material."""
    return json.loads(path.read_text(encoding="utf-8"))


def unique(make: Callable[[], Row], count: int, key: str, seen: set[str]) -> list[Row]:
    """Make this many rows, none of whose `key` was seen before."""
    rows: list[Row] = []
    while len(rows) < count:
        row = make()
        if row[key] not in seen:
            seen.add(row[key])
            rows.append(row)
    return rows


def with_article(noun: str) -> str:
    """Put `a` or `an` before a noun; the material has no word whose spelling misleads."""
    return f"{'an' if noun[0].lower() in 'aeiou' else 'a'} {noun}"


def products(dealer: Dealer) -> list[Row]:
    """Pair product attributes with a description in the shop's voice."""
    house = read(MATERIAL / "house.json")
    rows: list[Row] = []
    prompts: set[str] = set()
    for path in sorted((MATERIAL / "products").glob("*.json")):
        kind = read(path)
        names = dealer.rng.sample(house["names"], PRODUCTS_PER_CATEGORY)
        for name in names:
            rows += unique(lambda: product(kind, house, name, dealer), 1, "prompt", prompts)  # noqa: B023
    dealer.rng.shuffle(rows)
    return rows


def product(kind: dict[str, Any], house: dict[str, Any], name: str, dealer: Dealer) -> Row:
    """Choose one product's attributes and describe it, until the description reads well."""
    card = {
        "name": f"{name} {kind['noun']}",
        "category": kind["category"],
        "material": dealer.draw(sorted(kind["materials"])),
        "colour": dealer.draw(kind["colours"]),
        kind.get("measure", "size"): dealer.draw(sorted(kind["sizes"])),
        "features": "; ".join(dealer.rng.sample(sorted(kind["features"]), dealer.draw((2, 2, 3)))),
        "price": f"£{dealer.draw(kind['prices'])}",
    }
    parts = describe(kind, house, card, dealer)
    while not reads_well(parts):
        parts = describe(kind, house, card, dealer)
    return {
        "prompt": "\n".join(f"{field}: {value}" for field, value in card.items()),
        "completion": " ".join(text for _, text in parts),
    }


def describe(kind: dict[str, Any], house: dict[str, Any], card: Row, dealer: Dealer) -> list[tuple[str, str]]:
    """Write the sentences of one description in the order of a layout, each with its place's letter."""
    features = card["features"].split("; ")
    dealer.rng.shuffle(features)
    told = [dealer.draw(kind["features"][feature]) for feature in features]
    extras = {2: (kind["size_lines"], kind["size_lines"], house["price_lines"]), 3: ((), (), kind["size_lines"])}
    extra = dealer.rng.choice(extras[len(features)])
    care = dealer.draw((kind["materials"][card["material"]], house["guarantees"]))
    texts = {
        "A": dealer.draw(kind["openers"]),
        "B": told[0],
        "C": " ".join(told[1:]),
        "S": dealer.draw(kind["scenes"]),
        "X": dealer.draw(extra) if extra else "",
        "E": dealer.draw(care),
        "Z": dealer.draw(house["frames"]),
    }
    slots = product_slots(kind, card, dealer.draw(kind["signoffs"]))
    order = dealer.draw(LAYOUTS) + "Z"
    return [(letter, texts[letter].format_map(slots)) for letter in order if texts[letter]]
