"""Tell the language of a text, or say that it cannot be told: too short, code, or of several languages.

It is py3langid that tells (after langid.py, Lui and Baldwin, 2012, https://aclanthology.org/P12-3005/): a
naive Bayes classifier over byte sequences, for about 140 languages. Languages that resemble each other are
confused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import cache
from typing import TYPE_CHECKING

from tunesmith.core.errors import BadOption, MissingExtra
from tunesmith.core.registry import did_you_mean

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

CHARACTERS = 300
"""How much of a text is looked at: more tells little more, and takes longer."""

LETTERS, IDEOGRAPHS = 20, 6
"""Texts with fewer letters are too short to be told; of scripts that write whole words or syllables,
fewer."""

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+", re.DOTALL)
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_LETTER = re.compile(r"[^\W\d_]")


def check_codes(codes: Collection[str]) -> None:
    """Raise BadOption for a code that no language can be told by."""
    known = sorted(_identifier().labels)
    for code in codes:
        if code not in known:
            raise BadOption(f"No language has the code {code!r}.{did_you_mean(code, known)}")


def identifier(confidence: float) -> Callable[[str], str | None]:
    """Give a function that tells the ISO 639 code of a text's language, if it is as certain as that.

    Raises MissingExtra where py3langid is not installed.
    """
    classify = _identifier().classify

    def tell(text: str) -> str | None:
        plain = _CODE.sub(" ", text[: 10 * CHARACTERS])[:CHARACTERS]
        if len(_LETTER.findall(plain)) < LETTERS and len(_IDEOGRAPH.findall(plain)) < IDEOGRAPHS:
            return None
        code, certainty = classify(plain)
        return code if certainty >= confidence else None

    return tell


@cache
def _identifier() -> LanguageIdentifier:
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ImportError:
        raise MissingExtra("Telling languages", "data") from None
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
