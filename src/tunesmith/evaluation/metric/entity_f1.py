"""Entity F1 over all rows together (Tjong Kim Sang and De Meulder, 2003, https://arxiv.org/abs/cs/0306050).

An entity counts only as a whole: its first word, its last word and its type. Tags are read as CoNLL's own
script reads them, so an entity may begin with I-, too; whole entities in BIOES are told as well.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tunesmith.core.cards import Completion
from tunesmith.core.contracts import Metric
from tunesmith.core.errors import BadData
from tunesmith.core.example import Example
from tunesmith.core.tagged import Tagged

Entity = tuple[str, int, int]
"""Its type, its first word, and the word behind its last."""

OUTSIDE = "O"
NOTHING = Tagged((), ())


@dataclass(frozen=True, kw_only=True)
class EntityF1(Metric):
    """Entities found exactly, against those wanted and those claimed, over all rows together (0 to 1)."""

    version = 1

    def score(self, completion: Completion, example: Example) -> tuple[float, ...]:
        """Give (entities that are right, claimed, wanted); an answer about other words claims none."""
        wanted = Tagged.read(example.reference) or NOTHING
        said = Tagged.read(completion.text) or NOTHING
        is_about_them = said.words == wanted.words[: len(said.words)]
        claimed = set(entities(said.tags if is_about_them else ()))
        sought = set(entities(wanted.tags))
        return float(len(claimed & sought)), float(len(claimed)), float(len(sought))

    def summarise(self, sums: Sequence[float]) -> float:
        """Give the harmonic mean of precision and recall; 0 where there is no entity at all."""
        right, claimed, wanted = sums
        return 2 * right / (claimed + wanted) if claimed + wanted else 0.0


def entities(tags: Sequence[str]) -> Iterator[Entity]:
    """Find the entities in the tags of a text."""
    start, before = 0, OUTSIDE
    for place, tag in enumerate((*tags, OUTSIDE)):
        if before != OUTSIDE and _ends(before, tag):
            yield _parts(before)[1], start, place
        if tag != OUTSIDE and (before == OUTSIDE or _ends(before, tag)):
            start = place
        before = tag


def _ends(tag: str, after: str) -> bool:
    """Does the entity that a word belongs to end before the next word?"""
    (place, kind), (next_place, next_kind) = _parts(tag), _parts(after)
    return after == OUTSIDE or kind != next_kind or place in "ES" or next_place in "BS"


def _parts(tag: str) -> tuple[str, str]:
    """Part a tag into where in an entity the word stands, and its type; a tag without that is all type.

    Raises BadData for a number: which of them is outside of entities, nobody can tell.
    """
    if tag.isdigit():
        raise BadData(f"entity_f1: the tag {tag!r} is a number. Write names, or measure word_accuracy.")
    place, _, kind = tag.partition("-")
    return (place, kind) if place in ("B", "I", "E", "S") else ("I", tag)
