import sys

import pytest

from tunesmith.core.errors import BadOption, MissingExtra
from tunesmith.data import language
from tunesmith.data.language import check_codes, identifier

TEXTS = {
    "en": "The weather was fine, so we walked to the market and bought bread for the evening.",
    "de": "Das Wetter war schön, also gingen wir zum Markt und kauften Brot für den Abend.",
    "fr": "Il faisait beau, alors nous sommes allés au marché acheter du pain pour le soir.",
    "es": "Hacía buen tiempo, así que fuimos al mercado y compramos pan para la noche.",
    "ru": "Погода была хорошая, поэтому мы пошли на рынок и купили хлеб на вечер.",
    "zh": "天气很好，所以我们去市场买了晚上吃的面包。",  # noqa: RUF001
    "ja": "天気がよかったので、市場へ行って夕食のパンを買いました。",
}


@pytest.mark.parametrize("code", TEXTS)
def test_the_language_of_a_sentence_is_told(code: str) -> None:
    assert identifier(0.8)(TEXTS[code]) == code


@pytest.mark.parametrize(
    "text",
    [
        *("", "ok", "Hello there", "12 + 45 = 57", "Grüße aus Köln", "ありが", "?!?! ---- ????" * 20, "你好"),
        "def add(a, b):\n    return [x for x in (a, b) if x > 0]",
        f"```\n{TEXTS['de']}\n```",
        "https://example.org/das-wetter-war-schoen-also-gingen-wir-zum-markt",
    ],
)
def test_what_is_short_or_code_is_not_judged(text: str) -> None:
    assert identifier(0.8)(text) is None


def test_text_around_code_is_judged() -> None:
    assert identifier(0.8)(f"{TEXTS['de']}\n```\nfor line in file: print(line)\n```") == "de"


def test_less_certainty_may_be_asked_for() -> None:
    text = "fn main() { let value = compute(); println(value); }"
    assert identifier(0.8)(text) is None
    assert identifier(0.001)(text) is not None


def test_a_language_that_is_not_known_is_refused() -> None:
    check_codes(["en", "de"])
    with pytest.raises(BadOption, match="'english'"):
        check_codes(["en", "english"])


def test_without_the_library_an_extra_is_named(monkeypatch) -> None:
    language._identifier.cache_clear()
    monkeypatch.setitem(sys.modules, "py3langid.langid", None)
    with pytest.raises(MissingExtra, match=r"tunesmith\[data\]"):
        identifier(0.8)
