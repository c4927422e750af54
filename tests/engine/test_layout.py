from itertools import pairwise

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.engine.forest import Forest, Segment
from tunesmith.engine.layout import Layout, Rows

CPU = torch.device("cpu")


def layout_of(*rows: str, worth_sharing: int | None = 2) -> Layout:
    """Lay out rows of letters."""
    return Layout(
        Forest.grow([np.array([ord(each) for each in row]) for row in rows], worth_sharing).segments
    )


rows_of_letters = st.lists(st.text("ab", min_size=1, max_size=9), min_size=1, max_size=9)


@given(rows_of_letters)
def test_folds_hold_the_segments_in_their_order(rows: list[str]) -> None:
    layout = layout_of(*rows)
    pieces = [
        (fold.start + n * fold.length, fold.start + (n + 1) * fold.length, fold.before)
        for fold in layout.folds
        for n in range(fold.count)
    ]
    assert pieces == [(s.start, s.end, s.before) for s in layout.segments]
    assert [fold.end for fold in layout.folds] == [*(fold.start for fold in layout.folds[1:]), pieces[-1][1]]
    for left, right in pairwise(fold for fold in layout.folds if not fold.before):
        assert left.length != right.length or left.end != right.start


@given(rows_of_letters)
def test_a_kernel_for_rows_is_told_which_keys_every_segment_reads(rows: list[str]) -> None:
    layout = layout_of(*rows)
    told = Rows.of(layout, CPU)
    keys = torch.arange(layout.segments[-1].end) if told.path is None else told.path
    queries = [range(start, end) for start, end in pairwise(told.starts_q.tolist())]
    reads = [keys[start:end].tolist() for start, end in pairwise(told.starts_k.tolist())]
    assert queries == [range(s.start, s.end) for s in layout.segments]
    paths = [
        [place for part in (*s.before, (s.start, s.end)) for place in range(*part)] for s in layout.segments
    ]
    assert reads == paths
    assert told.longest_q == max(map(len, queries))
    assert told.longest_k == max(map(len, reads)) == layout.longest
    assert (told.path is None) == (not layout.has_branches) == (not any(s.before for s in layout.segments))


def test_what_a_layout_works_out_is_worked_out_once_per_pass() -> None:
    layout = Layout((Segment(0, 40), Segment(40, 50, ((0, 40),))))
    assert layout.on(CPU) is layout.on(CPU)
    root, branch = layout.folds
    assert layout.mask(root, torch.float32) is None
    assert layout.mask(branch, torch.float32) is layout.mask(branch, torch.float32)
