from html import unescape
from html.parser import HTMLParser

from tunesmith.core.cards import Step, Validation
from tunesmith.pages.curve import render_curve

STEPS = [Step(number, 1, 3 - number / 10, 10.0, 300, 0.5, 1e-4, 0.25) for number in range(1, 7)]
VALIDATIONS = [Validation(3, 2.6, 0.5, 40), Validation(6, 2.5, 0.5, 40)]


class Reader(HTMLParser):
    """Reads tags and their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def inside(html: str) -> str:
    """Give the page inside the frame."""
    ((_, attributes),) = Reader(html).tags
    return attributes["srcdoc"] or ""


def test_the_piece_is_one_closed_frame_that_runs_nothing() -> None:
    html = render_curve(STEPS, VALIDATIONS, 6)
    ((tag, attributes),) = Reader(html).tags
    assert tag == "iframe"
    assert attributes["sandbox"] is None
    assert attributes["title"]
    assert "src" not in attributes
    assert html.strip().endswith("</iframe>")


def test_no_style_leaks_out_of_the_frame() -> None:
    html = render_curve(STEPS, VALIDATIONS, 6)
    assert "<style" not in html
    assert "<style>" in inside(html)


def test_the_frame_holds_the_report_s_curve() -> None:
    page = inside(render_curve(STEPS, VALIDATIONS, 6))
    tags = [tag for tag, _ in Reader(page).tags]
    assert tags.count("svg") == 2
    assert not {"script", "link", "img", "iframe"} & set(tags)
    assert "Best step: 6" in page
    assert "Loss over 6 steps" in page
    assert unescape(page) == page


def test_a_run_that_has_just_begun_has_a_curve_too() -> None:
    assert "No steps were recorded." in inside(render_curve([], [], None))
    assert "Best step" not in inside(render_curve(STEPS[:1], [], None))
