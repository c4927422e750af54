from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import Mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tunesmith.core.cards import Encoded
from tunesmith.core.contracts import Source
from tunesmith.core.errors import BadData
from tunesmith.core.example import BadRow, Example, Kind, Message, Place
from tunesmith.core.ledger import SplitCount
from tunesmith.core.recipe import Data, Selection, Split
from tunesmith.data.dataset import Dataset, prepare
from tunesmith.data.listing import LISTED_ROWS
from tunesmith.data.stages import Steps

CONTEXT = 100
Encode = Callable[[Example], list[Encoded]]


@dataclass(frozen=True, kw_only=True)
class Rows(Source):
    """Give rows from memory."""

    rows: tuple[Example | BadRow, ...]

    def gives(self) -> Kind:
        return "conversations"

    def reads_as(self) -> str:
        return "rows from memory"

    def read(self) -> Iterator[Example | BadRow]:
        yield from self.rows

    def fingerprint(self) -> None:
        return None


def encode(example: Example) -> list[Encoded]:
    """Bytes are ids; the answer is learned, or in raw text all but the first byte."""
    if not example.messages:
        windows = [
            example.text[start : start + CONTEXT].encode() for start in range(0, len(example.text), CONTEXT)
        ]
        return [Encoded(array("l", list(w)), array("f", [0.0] + [1.0] * (len(w) - 1))) for w in windows]
    prompt = "".join(turn.content for turn in example.prompt).encode()
    answer = example.reference.encode()
    weights = array("f", [0.0] * len(prompt) + [1.0] * len(answer))
    return [Encoded(array("l", list(prompt + answer)), weights, key=example.reference)]


def place(line: int) -> Place:
    return Place("rows.jsonl", line, line * 10)


def row(prompt: str, answer: str, line: int = 1) -> Example:
    return Example(place(line), (Message("user", prompt), Message("assistant", answer)))


def bad(line: int, reason: str = "not valid JSON") -> BadRow:
    return BadRow(place(line), reason, "found", "Remedy.")


def plan(**options: object) -> Data:
    options = {"split": Split(validation=0, test=0), **options}
    return Data.model_validate({"source": Selection(name="file"), **options})


def use(
    *rows: Example | BadRow, context: int = CONTEXT, encode: Encode = encode, **options: object
) -> Dataset:
    steps = Steps(Rows(rows=rows), plan(**options), partial(map, encode), Mock(), context)
    with TemporaryDirectory() as folder:
        return prepare(steps, Path(folder))


def many(number: int) -> list[Example]:
    return [row(f"question {n}", f"answer {n}", n) for n in range(1, number + 1)]


def test_every_row_is_on_the_side_of_its_prompt_with_its_examples():
    dataset = use(*many(200), split=Split(validation=0.2, test=0.2))
    parts = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    for name, sequences in parts.items():
        assert [s.key for s in sequences] == [e.name for e in dataset.examples[name]]
        assert dataset.ledger.splits[name].rows == len(sequences) > 20
    assert sum(map(len, parts.values())) == dataset.ledger.rows_in == 200


def test_the_ledger_counts_tokens_in_each_role():
    ledger = use(row("abc", "de"), row("x" * 40, "y" * 80, 2), too_long="truncate").ledger
    assert ledger.splits["train"] == SplitCount(
        rows=2, tokens_trained=62, tokens_masked=43, tokens_truncated=20
    )
    assert ledger.tokens_in == 125


def test_bad_rows_stop_everything_and_are_listed():
    rows = [bad(1), row("q", "a", 2), bad(3, "empty answer"), bad(4)]
    with pytest.raises(BadData) as caught:
        use(*rows)
    assert str(caught.value) == (
        "3 of 4 rows cannot be used:\n"
        "  rows.jsonl:1 (byte 10): not valid JSON: found. Remedy.\n"
        "  rows.jsonl:3 (byte 30): empty answer: found. Remedy.\n"
        "  rows.jsonl:4 (byte 40): not valid JSON: found. Remedy.\n"
        "In all: not valid JSON 2, empty answer 1. "
        "Mend these rows, or leave them out with data.bad_rows=drop."
    )


def test_the_first_hundred_bad_rows_are_listed_and_all_are_counted():
    with pytest.raises(BadData) as caught:
        use(*[bad(line) for line in range(1, 151)])
    lines = str(caught.value).splitlines()
    assert lines[0] == "150 of 150 rows cannot be used:"
    assert len(lines) == 1 + LISTED_ROWS + 2
    assert lines[100].startswith("  rows.jsonl:100 ")
    assert lines[101] == "  and 50 more"
    assert lines[102].startswith("In all: not valid JSON 150.")


def test_bad_rows_are_dropped_by_reason_where_the_plan_says_so():
    ledger = use(bad(1), row("q", "a", 2), bad(3, "empty answer"), bad(4), bad_rows="drop").ledger
    assert {reason: count.rows for reason, count in ledger.dropped.items()} == {
        "not valid JSON": 2,
        "empty answer": 1,
    }
    assert ledger.rows_in == 4


@pytest.mark.parametrize("length", [9, 10])
def test_a_row_as_long_as_the_limit_is_kept_whole(length):
    (kept,) = use(row("q" * 5, "a" * (length - 5)), max_tokens=10).train
    assert (len(kept), kept.lost) == (length, 0)


def test_rows_that_are_too_long_stop_everything_and_are_listed():
    rows = [*many(98), row("q", "a" * 40, 99), row("q", "a" * 59, 100)]
    with pytest.raises(BadData) as caught:
        use(*rows, max_tokens=30)
    assert str(caught.value) == (
        "2 of 100 rows are longer than 30 tokens:\n"
        "  rows.jsonl:99 (byte 990): 41 tokens\n"
        "  rows.jsonl:100 (byte 1000): 60 tokens\n"
        "Lengths of all rows: median 20, 90 % 20, 99 % 60, longest 60. "
        "Cut them off with data.too_long=truncate, leave them out with data.too_long=drop, "
        "or raise data.max_tokens (30; the model's context is 100)."
    )


def test_the_limit_is_never_above_the_context():
    with pytest.raises(BadData, match=r"longer than 8 tokens.*\n.*\n.*\(50; the model's context is 8\)"):
        use(row("q", "a" * 8), max_tokens=50, context=8)


def test_rows_that_are_too_long_are_dropped_where_the_plan_says_so():
    ledger = use(row("q", "a"), row("q", "a" * 40, 2), max_tokens=30, too_long="drop").ledger
    assert (ledger.dropped["too long"].rows, ledger.dropped["too long"].tokens) == (1, 41)


def test_rows_that_are_too_long_are_cut_at_the_end():
    (kept,) = use(row("abc", "defgh"), max_tokens=5, too_long="truncate").train
    assert bytes(list(kept.ids)) == b"abcde"
    assert list(kept.weights) == [0, 0, 0, 1, 1]
    assert (kept.lost, kept.key) == (3, "rows.jsonl:1 (byte 10)")


def test_what_an_objective_cut_off_before_is_still_counted():
    def cut_before(example: Example) -> list[Encoded]:
        return [replace(sequence, lost=3) for sequence in encode(example)]

    (kept,) = use(row("abc", "defgh"), encode=cut_before, max_tokens=5, too_long="truncate").train
    assert kept.lost == 6


def test_a_row_is_not_cut_down_to_its_prompt():
    ledger = use(row("q", "a"), row("q" * 30, "a", 2), max_tokens=30, too_long="truncate").ledger
    (dropped,) = ledger.dropped.items()
    assert dropped[0] == "prompt fills the whole context"
    assert (dropped[1].rows, dropped[1].tokens) == (1, 31)


@pytest.mark.parametrize("choice", ["error", "drop", "truncate"])
def test_a_row_with_nothing_to_learn_always_stops_everything(choice):
    with pytest.raises(BadData, match=r"1 of 2 rows have nothing to learn.*\n  rows.jsonl:2 \(byte 20\)\n"):
        use(row("q", "a"), row("q", "", 2), too_long=choice, bad_rows="drop")


def test_no_training_rows_is_an_error_with_the_numbers():
    with pytest.raises(
        BadData, match="There is no row to train on: 1 read, 0 for validation, 0 for test, 1 dropped"
    ):
        use(bad(1), bad_rows="drop")
    with pytest.raises(BadData, match="There is no row to train on: 0 read"):
        use()


def test_a_split_that_stays_empty_is_noted():
    dataset = use(row("q", "a"), split=Split(validation=0.001, test=0))
    assert dataset.ledger.notes == ("No row fell to validation: there are too few for a share of 0.001.",)


def test_the_windows_of_a_document_stay_together():
    texts = [f"document {number} ".ljust(250, ".") for number in range(60)]
    rows = [Example(place(number), text=text) for number, text in enumerate(texts, 1)]
    dataset = use(*rows, split=Split(validation=0.3, test=0.3))
    for name, sequences in (
        ("train", dataset.train),
        ("validation", dataset.validation),
        ("test", dataset.test),
    ):
        joined = b"".join(bytes(list(sequence.ids)) for sequence in sequences).decode()
        assert joined == "".join(example.text for example in dataset.examples[name])
        assert len(sequences) == 3 * dataset.ledger.splits[name].rows > 0


def test_what_cannot_be_used_is_not_encoded():
    calls = []

    def counted(example: Example) -> list[Encoded]:
        calls.append(example)
        return encode(example)

    with pytest.raises(BadData, match="1 of 3 rows"):
        use(row("q", "a"), bad(2), row("q", "a", 3), encode=counted)
    assert not calls


examples = st.builds(
    row, st.sampled_from("abcdefgh"), st.text("xyz", min_size=1, max_size=40), st.integers(1, 99)
)
rows_with_bad_ones = st.lists(examples | st.builds(bad, st.integers(1, 99)), max_size=30)
pace = settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)


@pace
@given(rows_with_bad_ones, st.sampled_from(["drop", "truncate"]), st.integers(20, 40))
def test_the_ledger_always_balances_and_no_prompt_is_on_two_sides(rows, too_long, limit):
    split = Split(validation=0.2, test=0.2)
    rows = [*rows, *many(30)]
    dataset = use(*rows, split=split, bad_rows="drop", too_long=too_long, max_tokens=limit)
    dataset.ledger.check()
    assert dataset.ledger.rows_in == len(rows)
    prompts = [{e.prompt for e in dataset.examples[name]} for name in ("train", "validation", "test")]
    assert sum(map(len, prompts)) == len(set.union(*prompts))
