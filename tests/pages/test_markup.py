import pytest
from jinja2 import UndefinedError

from tunesmith.pages.markup import style, template


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        template("frame.html").render(title="x")


def test_every_text_is_escaped_and_visible() -> None:
    shown = template("frame.html").render(title="<b>\x00\x1b\x85\ud800", page='"')
    assert 'title="&lt;b&gt;\u2400\u241b\ufffd\ufffd"' in shown
    assert 'srcdoc="&#34;"' in shown


def test_the_style_sheet_needs_nothing_from_elsewhere() -> None:
    assert ":root" in style()
    assert "url(" not in style()
    assert "</" not in style()
