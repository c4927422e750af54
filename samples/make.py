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
from functools import partial
from itertools import chain, pairwise, repeat
from pathlib import Path
from typing import Any

MATERIAL = Path(__file__).resolve().parent / "material"
PRODUCTS_PER_CATEGORY = 64
PAIRS_PER_TOPIC = 10
# A card with two features, and so one semicolon, has room for an extra; if no draft fits, it goes without.
EXTRAS = {1: ("size_lines", "size_lines", "price_lines", "none", "none"), 2: ("none",)}
TRIES = 100
WORDS_PER_DESCRIPTION = range(28, 61)
# Opener, first feature, other features, scene, extra (size or price), end (care or guarantee).
LAYOUTS = ("OFGSXE", "OXFGSE", "OSFGXE", "OFSGXE", "OFGXSE", "OFXGSE")
VOICES = {"plain": 26, "polite": 22, "terse": 21, "rambling": 16, "angry": 15}
POINTS_TO_THE_PRODUCT = re.compile(r"\b(it|its|they|their|them|these)\b", re.IGNORECASE)

Row = dict[str, str]
Material = dict[str, Any]
Parts = list[tuple[str, str]]


class Dealer:
    """Draw from hand-written lists as from shuffled packs of cards, so that every line gets its turn."""

    def __init__(self, rng: random.Random) -> None:
        """Keep the source of chance that all packs share."""
        self.rng = rng
        self._packs: dict[tuple[Any, ...], list[Any]] = {}

    def draw(self, items: Iterable[Any]) -> Any:
        """Take the next card of this list's pack, shuffling a new pack when it is used up."""
        cards = tuple(items)
        pack = self._packs.setdefault(cards, [])
        if not pack:
            pack.extend(cards)
            self.rng.shuffle(pack)
        return pack.pop()

    def chance(self, share: float) -> bool:
        """Say yes this share of the time."""
        return self.rng.random() < share


def products(dealer: Dealer) -> list[Row]:
    """Pair product attributes with a description in the shop's voice."""
    house = read("house.json")
    rows: list[Row] = []
    for kind in read_all("products").values():
        names = dealer.rng.sample(house["names"], PRODUCTS_PER_CATEGORY)
        rows += [product(kind, house, name, dealer) for name in names]
    dealer.rng.shuffle(rows)
    return rows


def product(kind: Material, house: Material, name: str, dealer: Dealer) -> Row:
    """Choose one product's attributes and describe it, again and again until the description reads well."""
    card = {
        "name": f"{name} {kind['noun']}",
        "category": kind["category"],
        "material": dealer.draw(sorted(kind["materials"])),
        "colour": dealer.draw(kind["colours"]),
        kind.get("measure", "size"): dealer.draw(sorted(kind["sizes"])),
        "features": "; ".join(dealer.rng.sample(sorted(kind["features"]), dealer.draw((2, 2, 2, 3)))),
        "price": f"£{dealer.draw(kind['prices'])}",
    }
    extras = chain(repeat(dealer.draw(EXTRAS[card["features"].count(";")]), TRIES), repeat("none"))
    drafts = (describe(kind, house, card, extra, dealer) for extra in extras)
    parts = next(filter(reads_well, drafts))
    prompt = "\n".join(f"{field}: {value}" for field, value in card.items())
    return {"prompt": prompt, "completion": " ".join(text for _, text in parts)}


def describe(kind: Material, house: Material, card: Row, extra: str, dealer: Dealer) -> Parts:
    """Write one description: its sentences in the order of a layout, each with its letter."""
    features = card["features"].split("; ")
    dealer.rng.shuffle(features)
    first, *others = (dealer.draw(kind["features"][feature]) for feature in features)
    end = dealer.rng.choice((kind["materials"][card["material"]], house["guarantees"]))
    texts = {
        "O": dealer.draw(kind["openers"]),
        "F": first,
        "G": " ".join(others),
        "S": dealer.draw(kind["scenes"]),
        "X": dealer.draw((kind | house).get(extra, ("",))),
        "E": dealer.draw(end),
        "Z": dealer.draw(house["frames"]),
    }
    slots = product_slots(kind, card) | {"x": dealer.draw(kind["signoffs"])}
    return [(place, fill(texts[place], slots)) for place in dealer.draw(LAYOUTS) + "Z" if texts[place]]


def product_slots(kind: Material, card: Row) -> Row:
    """Say what the blanks in the product sentences stand for."""
    size = card[kind.get("measure", "size")]
    number = {"it": "them", "it_is": "they are"} if kind["plural"] else {"it": "it", "it_is": "it is"}
    return (
        card
        | number
        | {
            "Colour": capital(card["colour"]),
            "a_colour": with_article(card["colour"]),
            "size": size,
            "fits": kind["sizes"][size],
        }
    )


def reads_well(parts: Parts) -> bool:
    """Is the length right, and does no `it` follow a scene in which something else could be meant?"""
    if sum(len(text.split()) for _, text in parts) not in WORDS_PER_DESCRIPTION:
        return False
    for (place, text), (_, following) in pairwise(parts):
        if place == "S" and POINTS_TO_THE_PRODUCT.search(following):
            return bool(POINTS_TO_THE_PRODUCT.search(text))
    return True


def tickets(dealer: Dealer) -> list[Row]:
    """Write support tickets in several voices, labelled with the customer's intent."""
    voices = read("voices.json") | read("house.json")
    rows: list[Row] = []
    for label, intent in read_all("tickets").items():
        whole = (fill(text, ticket_slots(voices, dealer)) for text in intent["whole"])
        rows += [{"text": text, "label": label} for text in whole]
        make = partial(ticket, intent, label, voices, dealer)
        extend(rows, make, intent["rows"] - len(intent["whole"]), "text")
    dealer.rng.shuffle(rows)
    return rows


def ticket(intent: Material, label: str, voices: Material, dealer: Dealer) -> Row:
    """Put one request into one of the customers' voices."""
    voice = dealer.rng.choices(list(VOICES), list(VOICES.values()))[0]
    ask = dealer.draw(intent["terse" if voice == "terse" else "asks"])
    more = [dealer.draw(intent["more"])] if voice != "terse" and dealer.chance(0.5) else []
    match voice:
        case "polite":
            ask = f"{dealer.draw(voices['greetings'])} {uncapital(ask)}"
            sentences = [ask, *more, dealer.draw(voices["thanks"])]
        case "angry":
            sentences = [ask, *more, dealer.draw((voices | intent)["anger"])]
        case "rambling":
            sentences = [dealer.draw(voices["rambles"]), ask, *more]
        case _:
            sentences = [ask, *more]
    text = fill(" ".join(sentences), ticket_slots(voices, dealer))
    if voice == "angry" and dealer.chance(0.3):
        text = text.upper()
    elif voice != "polite" and dealer.chance(0.25):
        text = mistype(text, voices["typos"], dealer)
    return {"text": text, "label": label}


def ticket_slots(voices: Material, dealer: Dealer) -> Row:
    """Invent the order, dates and things that one ticket is about."""
    rng = dealer.rng
    hard, soft = dealer.draw(voices["hard"]), dealer.draw(voices["soft"])
    thing, other = rng.sample(sorted(voices["hard"] + voices["soft"]), 2)
    if dealer.chance(0.35):
        thing = f"{dealer.draw(voices['names'])} {thing}"
    number = rng.randrange(30000, 60000)
    day, month = rng.randrange(1, 29), rng.choice(voices["months"])
    nouns = {"product": thing, "other": other, "hard": hard, "soft": soft}
    facts = {
        "order": rng.choice((f"{number}", f"#{number}", f"LF-{number}")),
        "date": rng.choice((f"{day} {month}", f"{month} {day}", rng.choice(voices["weekdays"]))),
        "year": str(rng.randrange(2021, 2025)),
        "number": str(rng.randrange(2, 90)),
        "points": str(rng.randrange(120, 2400, 20)),
    }
    return nouns | facts | {f"a_{slot}": with_article(noun) for slot, noun in nouns.items()}


def mistype(text: str, typos: Row, dealer: Dealer) -> str:
    """Type as people do on a telephone: no capitals, no final stop, some slips."""
    text = text.lower().removesuffix(".")
    for right, wrong in typos.items():
        if dealer.chance(0.5):
            text = re.sub(rf"\b{right}\b", wrong, text, count=1)
    return text


def preferences(dealer: Dealer) -> list[Row]:
    """Set a better and a worse support answer side by side."""
    voices = read("voices.json") | read("house.json")
    rows: list[Row] = []
    for topic in read("pairs.json"):
        for answers in pairings(topic, dealer.rng):
            extend(rows, partial(pair, topic["ask"], answers, voices, dealer), 1, "prompt")
    dealer.rng.shuffle(rows)
    return rows


def pairings(topic: Material, rng: random.Random) -> list[tuple[str, str]]:
    """Choose a topic's answer pairs, so that about half of the better answers are the longer ones."""
    every = [(good, bad) for good in topic["good"] for bad in topic["bad"].values()]
    longer = [(good, bad) for good, bad in every if len(good) > len(bad)]
    shorter = [(good, bad) for good, bad in every if len(good) <= len(bad)]
    few = min(PAIRS_PER_TOPIC // 2, len(shorter))
    return rng.sample(shorter, few) + rng.sample(longer, PAIRS_PER_TOPIC - few)


def pair(asks: Sequence[str], answers: tuple[str, str], voices: Material, dealer: Dealer) -> Row:
    """Ask one question and fill in its two answers."""
    slots = ticket_slots(voices, dealer)
    ask = dealer.draw(asks)
    if dealer.chance(0.3):
        ask = f"{dealer.draw(voices['greetings'])} {uncapital(ask)}"
    plain = next(noun for noun in voices["hard"] + voices["soft"] if slots["product"].endswith(noun))
    slots_of_answer = {"product": plain, "products": f"{plain}s", "a_product": with_article(plain)}
    chosen, rejected = (fill(answer, slots_of_answer) for answer in answers)
    return {"prompt": fill(ask, slots), "chosen": chosen, "rejected": rejected}


def extend(rows: list[Row], make: Callable[[], Row], count: int, key: str) -> None:
    """Make this many more rows, none with the `key` of an earlier one in other capitals or stops."""
    goal = len(rows) + count
    while len(rows) < goal:
        row = make()
        if all(row[key].lower().rstrip(".?") != earlier[key].lower().rstrip(".?") for earlier in rows):
            rows.append(row)


def fill(text: str, slots: Row) -> str:
    """Fill a line's blanks and begin it with a capital where the line itself began with a blank."""
    return capital(text.format_map(slots)) if text.startswith("{") else text.format_map(slots)


def with_article(noun: str) -> str:
    """Put `a` or `an` before a noun; no word of the material is spelled other than it sounds."""
    return f"{'an' if noun[0].lower() in 'aeiou' else 'a'} {noun}"


def capital(text: str) -> str:
    """Begin with a capital."""
    return text[:1].upper() + text[1:]


def uncapital(text: str) -> str:
    """Begin small after a greeting, except at `I` and at shouted words."""
    return text if text.split(maxsplit=1)[0].isupper() else text[:1].lower() + text[1:]


def read(name: str) -> Any:
    """Load one file of hand-written material."""
    return json.loads((MATERIAL / name).read_text(encoding="utf-8"))


def read_all(folder: str) -> dict[str, Material]:
    """Load a folder of material, in the order of the file names on every machine."""
    return {
        name: read(f"{folder}/{name}.json")
        for name in sorted(p.stem for p in (MATERIAL / folder).glob("*.json"))
    }


def as_jsonl(rows: Iterable[Row]) -> str:
    """Write one JSON object per line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def as_csv(rows: Sequence[Row]) -> str:
    """Write a header and one line per row."""
    page = io.StringIO()
    csv.writer(page, lineterminator="\n").writerows([rows[0].keys(), *(row.values() for row in rows)])
    return page.getvalue()


def main() -> None:
    """Write the three files and say how many rows each holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    parser.add_argument("--seed", type=int, required=True, help="the same seed gives the same bytes")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    makers = {"products.jsonl": products, "tickets.csv": tickets, "preferences.jsonl": preferences}
    for name, make in makers.items():
        rows = make(Dealer(random.Random(asked.seed)))
        text = as_csv(rows) if name.endswith(".csv") else as_jsonl(rows)
        (asked.out / name).write_text(text, encoding="utf-8", newline="\n")
        sys.stdout.write(f"{name}: {len(rows)} rows\n")


if __name__ == "__main__":
    main()
