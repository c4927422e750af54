"""The page says everything, loads nothing, escapes all, and can be read on a phone."""

import re
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from tunesmith.core.cards import Completion, Step, Validation
from tunesmith.core.example import Example, Message, Place
from tunesmith.core.ledger import Ledger, SplitCount
from tunesmith.core.recipe import Criterion
from tunesmith.core.report import Interval, MetricResult
from tunesmith.evaluation.compare import Answers, Suite, compare
from tunesmith.evaluation.metric.exact_match import ExactMatch
from tunesmith.pages.report_page import HEADLINES, render

VOID = {"meta", "line", "circle", "polyline", "link", "br", "img", "input"}
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{7*7}}\x00\x1b\x08\x85\ud800\u202e`"


class Reader(HTMLParser):
    """Reads a page as tags, attributes and text, and that every tag is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += data


def hostile(value):
    """Replace every text in a card, all the way down, apart from what is one of a few fixed words."""
    if isinstance(value, str):
        return HOSTILE
    if isinstance(value, tuple):
        return tuple(hostile(one) for one in value)
    if isinstance(value, dict):
        return {f"{name}{HOSTILE}": hostile(one) for name, one in value.items()}
    if is_dataclass(value):
        fixed = {"verdict", "outcome", "steps", "validations"}
        return replace(
            value, **{f.name: hostile(getattr(value, f.name)) for f in fields(value) if f.name not in fixed}
        )
    return value


def test_every_tag_is_closed_and_headings_are_in_order(page):
    read = Reader(render(page))
    assert read.open == []
    levels = [int(tag[1]) for tag in read.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert len(levels) > 8
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert read.tags.count("table") == read.tags.count("caption") == 3
    # every drawing has a title; the head has one too
    assert read.tags.count("svg") == 8
    assert read.tags.count("title") == 9


def test_nothing_is_loaded_from_elsewhere(page):
    html = render(page)
    read = Reader(html)
    names = {name for name, _ in read.attributes}
    assert not names & {"src", "href", "srcset", "action", "style"}
    assert not {name for name in names if name.startswith("on")}
    assert not {"script", "link", "img", "iframe", "object"} & set(read.tags)
    assert [word for word in ("url(", "@import", "http://", "https://") if word in html] == []
    (policy,) = [value for name, value in read.attributes if name == "content" and "default-src" in value]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


def test_every_number_is_on_the_page(page):
    text = Reader(render(page)).text
    shown = [
        "0.310", "0.290 to 0.330", "0.432", "0.410 to 0.450", "+0.121", "+0.100 to +0.140",
        "13.57", "4.56", "+9.01", "412", "3,402", "742,113", "241,022", "3,128", "421", "91,240",
        "28,310", "88,102", "27,994", "16,402", "4,306", "1,238,311", "1.3000", "51.2%", "Best step: 84",
    ]  # fmt: skip
    assert [number for number in shown if number not in text] == []


def test_each_interval_has_the_digits_that_it_can_carry(page):
    base, tuned = Interval(800.0, 700.0, 1018.0), Interval(3.2, 3.1, 3.3)
    line = MetricResult("perplexity", 1, False, base, tuned, Interval(796.8, 697.0, 1015.0))
    text = Reader(render(replace(page, report=replace(page.report, metrics=(line,), criteria=())))).text
    shown = ["800 700 to 1,018", "3.20 3.10 to 3.30", "+797 +697 to +1,015"]
    assert [figures for figures in shown if figures not in " ".join(text.split())] == []


def test_every_sentence_is_on_the_page(page):
    text = " ".join(Reader(render(page)).text.split())
    sentences = [page.title, page.goal, page.report.reason, *page.report.notes, *page.ledger.notes]
    sentences += [one.criterion for one in page.report.criteria] + ["Met", "Missed", "Undecided"]
    sentences += ["An oak stool.", "It is a product.", "An oak stool, made to last.", "List: oak, stool"]
    sentences += [*page.facts, "shop-descriptions", "tunesmith chat runs/shop/package", "not valid JSON"]
    assert [sentence for sentence in sentences if sentence not in text] == []
    assert "`" not in text


@pytest.mark.parametrize("verdict", HEADLINES)
def test_each_verdict_has_its_words(page, verdict):
    html = render(replace(page, report=replace(page.report, verdict=verdict)))
    assert f'<h2 id="verdict">{HEADLINES[verdict]}</h2>' in html


def test_a_page_needs_neither_steps_nor_validations_nor_metrics(page):
    bare = replace(page.report, metrics=(), criteria=(), samples=(), notes=())
    ledger = Ledger(0, 0, {})
    read = Reader(
        render(replace(page, report=bare, ledger=ledger, steps=[], validations=[], best_step=None, facts={}))
    )
    assert "Nothing was measured." in read.text
    assert "No steps were recorded." in read.text
    assert "svg" not in read.tags


def test_a_page_needs_no_validations(page):
    read = Reader(render(replace(page, validations=[], best_step=None)))
    assert "Training, smoothed" in read.text
    assert "Validation in numbers" not in read.text
    assert "Best step" not in read.text


def test_one_step_is_enough(page):
    step = Step(1, 1, 2.5, 10.0, 12, 0.5, 1e-4, 0.1)
    assert (
        "2.5"
        in Reader(
            render(replace(page, steps=[step], validations=[Validation(1, 2.5, 0.1, 5)], best_step=1))
        ).text
    )


def test_every_text_is_escaped_and_control_characters_are_made_visible(page):
    html = render(hostile(page))
    html.encode("utf-8")
    read = Reader(html)
    assert read.open == []
    assert not {"script", "img"} & set(read.tags)
    assert not {name for name, _ in read.attributes if name.startswith("on")}
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]", html)
    seen = HOSTILE.translate({0: "\u2400", 0x1B: "\u241b", 0x08: "\u2408", 0x85: "\ufffd", 0xD800: "\ufffd"})
    # title, goal, reason, notes, samples, criteria, metrics, ledger, facts: each at least once
    assert read.text.count(seen) >= 20
    assert "49" not in seen


def test_the_same_page_is_the_same_text(page):
    assert render(page) == render(page)


def test_the_page_shows_what_a_comparison_found(page):
    examples = [
        Example(Place("rows.jsonl", line, 0), (Message("user", "?"), Message("assistant", "yes")))
        for line in range(30)
    ]
    base = Answers([Completion("no") if line % 2 else Completion("yes") for line in range(30)])
    tuned = Answers([Completion("yes")] * 30)
    success = (Criterion(metric="exact_match", gain_over_base=0.2),)
    found = compare(examples, base, tuned, Suite({"exact_match": ExactMatch()}, success, 1, 7))
    text = Reader(render(replace(page, report=found))).text
    assert "Promote the tuned model" in text
    assert "+0.50" in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_it_on_a_phone_without_errors_requests_or_sideways_scrolling(
    page, browser, tmp_path, scheme
):
    file = tmp_path / "report.html"
    large = Ledger(10**15, 10**18, {"train": SplitCount(10**15, 10**18, 10**18, 10**18)})
    unbroken = replace(page, title="x" * 200, facts={**page.facts, "Base": "y" * 300}, ledger=large)
    tab = browser.new_page(viewport={"width": 420, "height": 900}, color_scheme=scheme)
    said, asked = [], []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    for shown in (page, unbroken, hostile(page)):
        file.write_text(render(shown), encoding="utf-8")
        tab.goto(file.as_uri())
        assert tab.get_by_role("heading", level=1).is_visible()
        assert tab.get_by_role("heading", name="Promote the tuned model").is_visible()
        assert tab.evaluate("document.documentElement.scrollWidth") == 420
    assert said == []
    assert asked == [file.as_uri()] * 3
    # The style sheet was let through by the page's own policy: the narrow chart replaced the wide one.
    assert tab.locator("svg.chart.narrow").first.is_visible()
    assert not tab.locator("svg.chart.wide").first.is_visible()
    tab.set_viewport_size({"width": 1280, "height": 900})
    assert tab.locator("svg.chart.wide").first.is_visible()
    assert not tab.locator("svg.chart.narrow").first.is_visible()
    tab.close()
