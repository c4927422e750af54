"""The page about data says what was found, in an order and words that help, and lets nothing in."""

import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tunesmith.core.audit import Finding
from tunesmith.core.ledger import DropCount, Ledger, SourceCount, SplitCount
from tunesmith.pages.data_page import MOST_BARS, DataPage, render_data
from tunesmith.pages.markup import learned_parts

LEDGER = Ledger(
    1000,
    50_000,
    {
        "train": SplitCount(900, 30_000, 19_000, 0),
        "validation": SplitCount(),
        "test": SplitCount(90, 500, 400, 100),
    },
    {"too long": DropCount(20, 0)},
    {"white space": 7},
    {"noise": 10},
    {
        "shop": SourceCount(600, 10, 20, {"train": 500, "test": 90}),
        "forum": SourceCount(400, 0, 0, {"train": 400}),
    },
    ("A note.",),
)
SECRET = Finding("secrets", "stop", "1 row holds a key.", 1, ("a.jsonl:3: s…k",), "data.clean: [redact]")
TWINS = Finding("near_duplicates", "warning", "40 rows are alike.", 40, chart={"train": 30, "test": 10})
PROOF = Finding("label_proof", "note", "All is learned.", examples=("User: hi [[Hello</s>]] and [[more]]",))


def page(*findings: Finding, accepted: Sequence[str] = ()) -> str:
    known = ("secrets", "near duplicates", "label proof")
    return render_data(
        DataPage("shop", "JSONL, read as chat", findings, accepted, LEDGER, known, ("outliers",))
    )


class Texts(HTMLParser):
    """Collects what a reader sees."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def seen(html: str) -> str:
    return " ".join(" ".join(Texts(html.split("</style>")[1]).texts).split())


@pytest.mark.parametrize(
    ("findings", "accepted", "headline"),
    [
        ((SECRET, TWINS), (), "1 finding stops this data from being trained on"),
        ((SECRET, replace(SECRET, check="other")), (), "2 findings stop this data from being trained on"),
        ((SECRET, TWINS), ("secrets",), "The data can be trained on; 1 finding is worth a look"),
        ((PROOF,), (), "The data can be trained on"),
    ],
)
def test_the_headline_says_whether_one_can_train(
    findings: tuple[Finding, ...], accepted: tuple[str, ...], headline: str
) -> None:
    html = page(*findings, accepted=accepted)
    assert f'<h2 id="verdict">{headline}</h2>' in html
    assert f"<title>shop: {headline.lower()}</title>" in html


def test_every_finding_is_told_with_its_remedy_and_rows() -> None:
    said = seen(page(SECRET, TWINS, PROOF))
    for words in (
        "Stops Secrets 1 row holds a key. What to do: data.clean: [redact] 1 of 1 rows a.jsonl:3: s…k",
        "Look at this Near duplicates 40 rows are alike.",
        "Good to know Label proof",
        "Not looked for, as the recipe says: outliers.",
    ):
        assert words in said
    assert "Accepted Secrets" in seen(page(SECRET, accepted=("secrets",)))
    assert "Nothing that is worth a remark." in seen(page())


def test_what_is_learned_is_marked() -> None:
    assert "User: hi <mark>Hello&lt;/s&gt;</mark> and <mark>more</mark>" in page(PROOF)
    assert "<mark>" not in page(Finding("secrets", "note", "One.", examples=("rows:1: [[Category:X]]",)))
    assert [(part.text, part.learned) for part in learned_parts("a[[b]]c")] == [
        ("a", False),
        ("b", True),
        ("c", False),
    ]


def test_amounts_are_drawn_to_scale_and_written() -> None:
    html = page(TWINS)
    assert re.findall(r'<rect x="0" y="0" width="([\d.]+)"', html) == ["100.0", "33.3"]
    assert "train 30 test 10" in seen(html)
    many = replace(TWINS, chart={f"label {n}": 100 - n for n in range(30)})
    assert f"And {30 - MOST_BARS} more." in seen(page(many))
    assert "0.1235" in seen(page(replace(TWINS, chart={"share": 0.12345})))
    page(replace(TWINS, chart={"nothing": 0.0}))


def test_the_whole_account_is_there() -> None:
    said = seen(page())
    for words in (
        "1,000 rows were read: 900 for train, 0 for validation, 90 for test; 20 left out",
        "Left out: too long 20 0 tokens",
        "Of these made by noise 10",
        "White space 7",
        "shop 600 10 500 0 90 20",
        "A note.",
    ):
        assert words in said


def test_nothing_in_the_data_becomes_part_of_the_page() -> None:
    attack = "<script>alert(1)</script>\x1b[31m\u202e"
    html = page(Finding("secrets", "stop", attack, 1, (attack, f"[[{attack}]]"), attack, {attack: 1}))
    assert not {"script", "iframe", "img", "link"} & set(Texts(html).tags)
    assert "\x1b" not in html
    assert "default-src 'none'" in html
