"""Offensive terms: words from a list, by the group of people that they offend; a list finds words, not
meaning.

The list is beside this file. It is mostly English, and it knows neither who speaks nor why: quoting,
reclaiming and insulting look the same to it. What is spelled with other signs (sh1t, f**k) is found where
letters remain.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from tunesmith.core.audit import MOST_EXAMPLES, Finding, Material, Severity
from tunesmith.core.contracts import Check
from tunesmith.data.parts import texts

CRUDE = ("profanity", "sexual")
"""Groups that are crude rather than hurtful to a group of people."""

MOST_WORDS = 6
"""How many words a phrase may have."""

_HARMLESS = "harmless"
_WORDS = re.compile(r"[\w@$]+(?:[-'\u2019!*]+[\w@$]+)*")
_JOINTS = re.compile("[-'\u2019]")
_LETTERS_FOR_SIGNS = str.maketrans("0134578@$!", "oieastbasi")


@dataclass(frozen=True, kw_only=True)
class OffensiveTerms(Check):
    """Count offensive words by the group of people that they offend: words only, not what is meant."""

    also: Annotated[
        Mapping[str, tuple[Annotated[str, Field(min_length=1)], ...]],
        Field(description="More terms to look for, by the group they offend."),
    ] = field(default_factory=dict[str, tuple[str, ...]])
    ignore: Annotated[tuple[str, ...], Field(description="Terms of the list that are no offence here.")] = ()

    def look(self, material: Material) -> list[Finding]:
        """Warn of terms that offend groups of people, and note crude ones; all that is shown is masked."""
        listed = {group: (*_listed().get(group, ()), *self.also.get(group, ())) for group in self._groups()}
        terms = _Terms.of(listed, self.ignore)
        hurtful, crude = _Found(), _Found()
        for rows in material.rows.values():
            for row in rows:
                found = [(name, *hit) for name, text in texts(row) for hit in terms.find(text)]
                hurtful.note(row.name, [hit for hit in found if hit[1] not in CRUDE])
                crude.note(row.name, [hit for hit in found if hit[1] in CRUDE])
        named: tuple[tuple[Severity, str, _Found], ...] = (
            ("warning", "Terms that offend groups of people", hurtful),
            ("note", "Crude terms", crude),
        )
        return [
            Finding(
                "offensive_terms",
                severity,
                f"{what} in {found.rows:,} of {found.looked_at:,} rows: {found.by_group}. "
                "They are found by a list of words, which knows no meaning: some may be quoted or harmless.",
                rows=found.rows,
                examples=tuple(found.examples),
                remedy="Read these rows, and take out what the model should not say.",
                chart=dict(found.counts),
            )
            for severity, what, found in named
            if found.rows
        ]

    def _groups(self) -> list[str]:
        return list(dict.fromkeys((*_listed(), *self.also)))


@dataclass
class _Found:
    looked_at: int = 0
    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter[str])
    examples: list[str] = field(default_factory=list[str])

    @property
    def by_group(self) -> str:
        return ", ".join(f"{group} {number:,}" for group, number in self.counts.most_common())

    def note(self, place: str, hits: list[tuple[str, str, str]]) -> None:
        self.looked_at += 1
        if not hits:
            return
        self.rows += 1
        self.counts.update(group for _, group, _ in hits)
        if len(self.examples) < MOST_EXAMPLES:
            name, group, term = hits[0]
            more = f" and {len(hits) - 1:,} more" if len(hits) > 1 else ""
            self.examples.append(f"{place}, {name}: {group}, {term[0]}{'*' * (len(term) - 1)}{more}")


@dataclass(frozen=True)
class _Terms:
    """The group of every term; phrases by their first word; words by their first letter and length."""

    groups: Mapping[str, str]
    phrases: Mapping[str, list[str]]
    alike: Mapping[tuple[str, int], list[str]]
    harmless: re.Pattern[str]

    @classmethod
    def of(cls, listed: Mapping[str, Sequence[str]], ignored: Sequence[str]) -> _Terms:
        groups = {
            spelling: group
            for group, terms in listed.items()
            for term in terms
            if group != _HARMLESS and term not in ignored
            for spelling in (term.casefold(), _plural(term.casefold()))
        }
        phrases = defaultdict[str, list[str]](list)
        alike = defaultdict[tuple[str, int], list[str]](list)
        for term in groups:
            first, *others = _WORDS.findall(term) or [term]
            if others:
                phrases[first].append(term)
            else:
                alike[term[0], len(term)].append(term)
        passed = "|".join(re.escape(phrase) for phrase in listed.get(_HARMLESS, ("",)))
        return cls(groups, dict(phrases), dict(alike), re.compile(rf"(?<!\w)(?:{passed})s?(?!\w)"))

    def find(self, text: str) -> list[tuple[str, str]]:
        """Give the group and the term of each hit."""
        folded = text.casefold()
        found = self._terms(folded)
        if found and self.harmless.search(folded):
            found = self._terms(self.harmless.sub(" ", folded))
        return [(self.groups[term], term) for term in found]

    def _terms(self, folded: str) -> list[str]:
        found: list[str] = []
        words = _WORDS.findall(folded)
        for place, word in enumerate(words):
            if word in self.groups:
                found.append(word)
            elif not word.isalpha() and sum(map(str.isalpha, word)) >= 2:
                parts = [part for part in _JOINTS.split(word) if part in self.groups]
                found += parts or self._behind_signs(word)
            if word in self.phrases:
                following = " ".join(words[place : place + MOST_WORDS]) + " "
                found += [phrase for phrase in self.phrases[word] if following.startswith(f"{phrase} ")]
        return found

    def _behind_signs(self, word: str) -> list[str]:
        """Find the term in a word of which some letters are other signs: sh1t, f**k."""
        plain = word.translate(_LETTERS_FOR_SIGNS)
        if plain in self.groups:
            return [plain]
        if "*" not in word or len(word) < 4:
            return []
        same = re.compile(re.escape(word).replace(r"\*", "."))
        return [term for term in self.alike.get((word[0], len(word)), ()) if same.fullmatch(term)][:1]


def _plural(term: str) -> str:
    return f"{term}es" if term.endswith(("s", "x", "z", "sh", "ch")) else f"{term}s"


@cache
def _listed() -> Mapping[str, tuple[str, ...]]:
    import yaml

    path = Path(__file__).with_name("_offensive_terms.yaml")
    return {group: tuple(terms) for group, terms in yaml.safe_load(path.read_text("utf-8")).items()}
