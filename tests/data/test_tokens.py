"""Token sequences on a disk are those that were written, and are counted right."""

from array import array
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.core.cards import Encoded
from tunesmith.core.ledger import SplitCount
from tunesmith.data import tokens as module
from tunesmith.data.tokens import Tokens, TokenWriter

weights = st.sampled_from([0.0, 1.0, 0.5, float("nan")])
pieces = st.lists(st.tuples(st.integers(0, 2**31 - 1), weights), max_size=6)
sequences = st.builds(
    lambda parts, lost: Encoded(
        array("i", [i for i, _ in parts]), array("f", [w for _, w in parts]), lost=lost
    ),
    pieces,
    st.integers(0, 99),
)
names = st.text(st.characters(codec="utf-8"), max_size=5)
rows = st.lists(st.tuples(names, st.lists(sequences, max_size=3)), max_size=6)


def written(folder: Path, kept: list[tuple[str, list[Encoded]]]) -> Tokens:
    writer = TokenWriter(folder / "tokens")
    with writer:
        for name, row in kept:
            writer.add(name, row)
    return writer.close()


def plain(sequence: Encoded) -> tuple[list[int], str, str, int]:
    return list(sequence.ids), repr(list(sequence.weights)), sequence.key, sequence.lost  # nan is not itself


@given(rows)
def test_every_sequence_survives_with_the_name_of_its_row(
    tmp_path_factory: pytest.TempPathFactory, kept: list[tuple[str, list[Encoded]]]
):
    found = written(tmp_path_factory.mktemp("tokens"), kept)
    expected = [
        [(list(one.ids), repr(list(one.weights)), name, one.lost) for one in row] for name, row in kept
    ]
    assert [[plain(one) for one in row] for row in found] == expected
    assert [plain(one) for one in found.flat()] == [one for row in expected for one in row]
    assert found.lengths().tolist() == [len(one) for _, row in kept for one in row]
    assert found.highest() == max((i for _, row in kept for one in row for i in one.ids), default=-1)


def sequence(*ids: int, trained: int = 1, lost: int = 0) -> Encoded:
    return Encoded(array("i", ids), array("f", [0.0] * (len(ids) - trained) + [1.0] * trained), lost=lost)


def test_rows_and_tokens_are_counted(tmp_path: Path):
    odd = Encoded(array("i", [1, 2]), array("f", [0.0, float("nan")]))
    kept = [("a", [sequence(1, 2, 3, lost=4), sequence(4, 5)]), ("b", [odd])]
    assert written(tmp_path, kept).account() == SplitCount(2, 3, 4, 4)


def test_a_row_is_shown_as_often_as_asked(tmp_path: Path):
    found = written(tmp_path, [("a", [sequence(1), sequence(2)]), ("b", [sequence(3)]), ("c", [sequence(4)])])
    shown = found.flat(np.array([2, 1, 3]))
    assert [one.ids[0] for one in shown] == [1, 2, 1, 2, 3, 4, 4, 4]
    assert shown.lengths() == [1] * 8
    assert (len(shown), shown[-1].key, [one.ids[0] for one in shown[3:5]]) == (8, "c", [2, 3])


def test_more_rows_than_wait_at_once_are_all_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 4)
    found = written(tmp_path, [(f"row {number}", [sequence(number, number + 1)]) for number in range(11)])
    assert [row[0].ids[0] for row in found] == list(range(11))
    assert found[10][0].key == "row 10"
