"""Put another word in the place of an English one: in the same form, as far as that is regular."""

from __future__ import annotations

from dataclasses import dataclass, field

from tunesmith.data.wordnet import WordNet

FEWEST_LETTERS = 3
_VOWELS = "aeiou"
_TOO_COMMON = frozenset(
    (
        *("have", "has", "had", "been", "being", "are", "was", "were", "does", "did"),
        *("done", "can", "may", "might", "must", "shall", "will", "would", "should", "could"),
        *("get", "got", "let", "make", "made", "take", "took", "give", "gave", "put"),
        *("set", "not", "very", "more", "most", "much", "many", "such", "just", "also"),
    )
)
"""Words whose sense depends on their neighbours too much to be exchanged alone."""


@dataclass
class Inflection:
    """Finds a form's lemma in WordNet, its synonyms, and gives them the form's ending and case."""

    wordnet: WordNet
    known: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def alternatives(self, form: str) -> tuple[str, ...]:
        """Give the words that can stand in the place of this one; none where that is not certain."""
        word = form.lower()
        if word not in self.known:
            self.known[word] = () if word in _TOO_COMMON else self._alternatives(word)
        if form not in (word, word.capitalize()):  # an abbreviation, or a name
            return ()
        return tuple(_cased(other, form) for other in self.known[word])

    def _alternatives(self, form: str) -> tuple[str, ...]:
        found: list[str] = []
        readings = 0
        for part in ("noun", "verb", "adj"):
            lemmas = self.wordnet.lemmas(form, part)
            for lemma in lemmas[:1] if form not in lemmas else [form]:
                readings += 1
                main, words = self.wordnet.synonyms(lemma)
                if main == part and words:
                    found = [shaped for word in words if (shaped := _shaped(word, form, lemma, part))]
        # A form that can be of two parts of speech is left alone, unless it is a lemma with one main sense.
        is_lemma = bool(self.wordnet.synonyms(form)[0])
        return tuple(found) if readings == 1 or is_lemma else ()


def _shaped(word: str, form: str, lemma: str, part: str) -> str:
    """Give a lemma the ending that a form has beyond its own lemma; nothing where that is not regular."""
    if not word.isalpha() or not word.islower() or len(word) < FEWEST_LETTERS:
        return ""
    if form == lemma:
        return word
    if part in ("noun", "verb") and form == with_s(lemma):
        return with_s(word)
    if part == "verb" and form == with_ending(lemma, "ed"):
        return with_ending(word, "ed")
    if part == "verb" and form == with_ending(lemma, "ing"):
        return with_ending(word, "ing")
    return ""


def with_s(word: str) -> str:
    """Give a noun's regular plural, or a verb's regular third person."""
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return f"{word}es"
    if word.endswith("y") and word[-2:-1] not in _VOWELS:
        return f"{word[:-1]}ies"
    return f"{word}s"


def with_ending(word: str, ending: str) -> str:
    """Give a verb's regular form in -ed or -ing; words of one syllable double a final consonant."""
    if word.endswith("e"):
        return f"{word[:-1]}{ending}"
    if word.endswith("y") and ending == "ed" and word[-2:-1] not in _VOWELS:
        return f"{word[:-1]}ied"
    one_syllable = sum(letter in _VOWELS for letter in word) == 1
    ends_short = len(word) > 2 and word[-1] not in f"{_VOWELS}wxy" and word[-2] in _VOWELS
    return f"{word}{word[-1]}{ending}" if one_syllable and ends_short else f"{word}{ending}"


def _cased(word: str, form: str) -> str:
    return word.capitalize() if form[0].isupper() else word
