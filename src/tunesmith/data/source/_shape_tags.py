"""The layout of words with a tag each: two lists of one length, as named entities and the like are kept."""

from typing import Any

from tunesmith.core.example import Example, Message, Place
from tunesmith.core.tagged import Tagged, words_of
from tunesmith.data.source._names import Candidates, Row, fold, quoted
from tunesmith.data.source._refused import Refused, checked_text, kind_of
from tunesmith.data.source._shape import OPTION, Layout, Shape

_WORDS = ("words", "tokens")
_TAGS = ("tags", "ner_tags", "pos_tags", "chunk_tags")


def _find(found: Candidates) -> dict[str, str] | None:
    """Find words and tags: as options say, or two lists by name; other columns of such names mean nothing."""
    words, tags = (_columns(found, role, names) for role, names in (("words", _WORDS), ("tags", _TAGS)))
    if not words or not tags:
        return None
    for role, names in (("words", words), ("tags", tags)):
        if len(names) > 1:
            remedy = f"Say which one holds the {role}: {OPTION}.{role}=..."
            raise Refused("columns not recognised", quoted(names), remedy)
    return {"words": words[0], "tags": tags[0]}


def _columns(found: Candidates, role: str, names: tuple[str, ...]) -> list[str]:
    if found.named[role]:
        return found.named[role]
    return [name for name, value in found.row.items() if fold(name) in names and isinstance(value, list)]


def _read(shape: Shape, row: Row, place: Place, fields: dict[str, Any]) -> Example:
    words = _list(row[shape.roles["words"]], shape.quoted["words"])
    tags = _list(row[shape.roles["tags"]], shape.quoted["tags"])
    if len(words) != len(tags):
        found = f"{len(words)} words in {shape.quoted['words']}, {len(tags)} tags in {shape.quoted['tags']}"
        raise Refused("words and tags differ in number", found, "Give every word one tag.")
    for number, word in enumerate(words, 1):
        if words_of(word) != (word,):
            found = f"{shape.quoted['words']}, word {number} is {word!r}"
            raise Refused(
                "space in a word", found, "Part it into words with a tag each, or remove the space."
            )
    tagged = Tagged(words, tags)
    turns = (Message("user", " ".join(words)), Message("assistant", tagged.text()))
    return Example(place, turns, fields=fields)


def _list(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise Refused("wrong type", f"{where} is {kind_of(value)}: {value!r}", "Write it as a list of texts.")
    if not value:
        raise Refused("empty list", where, "Write at least one word with its tag, or remove the row.")
    return tuple(_text(one, f"{where}, number {number}") for number, one in enumerate(value, 1))


def _text(value: object, where: str) -> str:
    """Give a word or tag; tags are often kept as whole numbers."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_whole else checked_text(value, "word or tag", where)


TAGS = Layout(
    name="tags",
    kind="tags",
    said="words with a tag each",
    override=f"{OPTION}.words=... {OPTION}.tags=...",
    needs=("words", "tags"),
    may=(),
    find=_find,
    read=_read,
    over=frozenset(("text",)),
)
