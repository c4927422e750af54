"""Hold rows out for validation and test, so that no question is on two sides and none ever changes side."""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, cast

from tunesmith.core.errors import BadData, BadOption
from tunesmith.core.example import Example
from tunesmith.core.hashing import hash_text
from tunesmith.core.recipe import Split

Side = Literal["train", "validation", "test"]

GIVEN: Mapping[str, Side] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev", "development"), "validation"),
    **dict.fromkeys(("test", "eval", "evaluation", "heldout", "held-out"), "test"),
}
"""What a column may say about a row's side, in any case."""


def sides(rows: Sequence[Example], split: Split) -> Iterator[Side]:
    """Give each row's side, in order; raises BadOption or BadData where the split cannot be made so."""
    _check(split)
    return _WAYS[split.by](rows, split)


def side(key: str, split: Split) -> Side:
    """Choose a row's side by its key alone: other rows, their order and their number do not matter.

    The key's SHA-256 is a point of [0, 1). Test takes the lower end and validation the upper: changing one
    share moves no row of the other, and raising a share only takes rows from training.
    """
    return _side_of(int(hash_text(key)[:13], 16) / 16**13, split)  # 52 bits: exact as a float, never 1


def key_of(example: Example) -> str:
    """Give what decides a row's side: its prompt; for raw text, the text. The answer does not count."""
    if not example.messages:
        return example.text
    return json.dumps([[turn.role, turn.content] for turn in example.prompt])


def _side_of(point: float, split: Split) -> Side:
    if point < split.test:
        return "test"
    return "validation" if point >= 1 - split.validation else "train"


def _check(split: Split) -> None:
    needs_column = split.by in ("group", "time")
    if needs_column and split.column is None:
        raise BadOption(f"data.split.by={split.by} needs a column to look at: data.split.column=...")
    if split.column is not None and split.by in ("content", "stratified"):
        raise BadOption(f"data.split.column: by={split.by} looks at no column. Remove it, or use by=group.")
    if (split.validation_from or split.test_from) and split.by != "time":
        raise BadOption("data.split.validation_from and test_from are for data.split.by=time. Remove them.")


def _by_content(rows: Iterable[Example], split: Split) -> Iterator[Side]:
    return (side(key_of(row), split) for row in rows)


def _by_group(rows: Iterable[Example], split: Split) -> Iterator[Side]:
    return (side(json.dumps(_value(row, split), sort_keys=True), split) for row in rows)


def _stratified(rows: Iterable[Example], split: Split) -> Iterator[Side]:
    """Spread the prompts of each label evenly over the sides, in the order in which they first appear.

    A label's n-th prompt falls to test where a line that rises by the share at each prompt passes a whole
    number: every label has its share to within one row. Rows that are added behind move none before them.
    """
    places: dict[str, Side] = {}
    seen: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        if not row.labels:
            raise BadData(
                f"{row.place}: data.split.by=stratified needs labels, this row has none. Use by=content."
            )
        key = hash_text(key_of(row))[:16]
        if key not in places:
            places[key] = _in_turn(seen[row.labels], row.labels, split)
            seen[row.labels] += 1
        yield places[key]


def _in_turn(number: int, labels: tuple[str, ...], split: Split) -> Side:
    start = (
        int(hash_text(json.dumps(labels))[:13], 16) / 16**13
    )  # or all labels would begin with the same side
    in_test = math.floor(number * split.test + start)
    if math.floor((number + 1) * split.test + start) > in_test:
        return "test"
    others, share = number - in_test, split.validation / (1 - split.test)
    passes = math.floor((others + 1) * share + start) > math.floor(others * share + start)
    return "validation" if passes else "train"


def _by_time(rows: Sequence[Example], split: Split) -> Iterator[Side]:
    if split.test_from is None and split.validation_from is None:
        raise BadOption(_proposal(rows, split))
    validation, test = (_moment(value) for value in (split.validation_from, split.test_from))
    if validation is not None and test is not None and validation > test:
        raise BadOption("data.split.validation_from lies behind test_from: test rows are the newest ones.")
    for row in rows:
        moment = _moment_of(row, split)
        for border in (validation, test):
            if border is not None and border.is_date != moment.is_date:
                raise BadData(
                    f"{row.place}: data.split.by=time cannot hold {moment.text!r} against {border.text!r}: "
                    "one is a date, the other a number. Write both the same way."
                )
        if test is not None and moment >= test:
            yield "test"
        else:
            yield "validation" if validation is not None and moment >= validation else "train"


def _as_given(rows: Sequence[Example], split: Split) -> Iterator[Side]:
    """Take each row to the side that its column says; a side that no row names gets its share of training."""
    named = {_given(row, split) for row in rows}
    rest = Split(
        validation=0 if "validation" in named else split.validation, test=0 if "test" in named else split.test
    )
    for row in rows:
        given = _given(row, split)
        yield side(key_of(row), rest) if given == "train" else given


def _given(row: Example, split: Split) -> Side:
    value = _value(row, split)
    if not isinstance(value, str) or value.strip().casefold() not in GIVEN:
        known = ", ".join(GIVEN)
        raise BadData(
            f"{row.place}: column {_column(split)!r} says {value!r}, which names no side. Known: {known}."
        )
    return GIVEN[value.strip().casefold()]


def _value(row: Example, split: Split) -> Any:
    column = _column(split)
    if row.fields.get(column) is None:
        known = ", ".join(map(repr, row.fields)) or "none"
        raise BadData(
            f"{row.place}: there is no value in column {column!r}, which data.split looks at. "
            f"Columns that nothing is learned from: {known}."
        )
    return row.fields[column]


def _column(split: Split) -> str:
    return split.column or "split"


@dataclass(frozen=True, order=True)
class _Moment:
    """A point in time: seconds since 1970 for dates, or the number itself."""

    at: float
    text: str = field(compare=False)
    is_date: bool = field(compare=False)


def _moment(value: Any) -> _Moment | None:
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _Moment(float(value), str(value), is_date=False)
    text = str(value)
    try:
        if math.isfinite(number := float(text)):  # nan is neither before nor after anything
            return _Moment(number, text, is_date=False)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadData(
            f"data.split.by=time: {text!r} is no ISO 8601 date such as 2026-03-31, and no number."
        ) from None
    utc = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _Moment(utc.timestamp(), text, is_date=True)


def _moment_of(row: Example, split: Split) -> _Moment:
    try:
        return cast(_Moment, _moment(_value(row, split)))
    except BadData as error:
        raise BadData(f"{row.place}: {error}") from None


def _proposal(rows: Sequence[Example], split: Split) -> str:
    moments = sorted(_moment_of(row, split) for row in rows)
    if not moments:
        return "data.split.by=time needs rows to look at."
    shares = {"validation_from": split.validation + split.test, "test_from": split.test}
    wanted = [
        f"data.split.{name}={moments[min(int((1 - share) * len(moments)), len(moments) - 1)].text}"
        for name, share in shares.items()
    ]
    return (
        "data.split.by=time needs a moment that stays, or rows would change side when data grows. For the "
        f"shares that were asked for, write {' '.join(wanted)}."
    )


_WAYS: Mapping[str, Callable[[Sequence[Example], Split], Iterator[Side]]] = {
    "content": _by_content,
    "stratified": _stratified,
    "group": _by_group,
    "time": _by_time,
    "given": _as_given,
}
