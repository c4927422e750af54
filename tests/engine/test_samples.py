import pytest

from tiny_readers import READERS, TASKS, reader_of
from tunesmith.engine.rows import Reading
from tunesmith.engine.samples import sample, samples


@pytest.mark.parametrize("architecture", ["bert", "llama", "t5"])
@pytest.mark.parametrize("task", TASKS)
def test_of_every_row_something_is_wanted_and_two_begin_alike(architecture: str, task: str) -> None:
    reading = Reading(READERS[architecture][0], TASKS[task])
    rows = samples(reader_of(architecture, TASKS[task]), reading)
    assert len(rows) == 3
    assert all(any(row.weights) for row in rows)
    assert rows[0].ids[:30] == rows[1].ids[:30]
    assert all(bool(row.source) == reading.reads_source for row in rows)
    assert all(bool(row.targets) == (reading.wanted != "next") for row in rows)


def test_what_networks_look_for_stands_only_where_it_should() -> None:
    network = reader_of("t5", TASKS["classes"])
    for row in samples(network, Reading("encoder-decoder", TASKS["classes"])):
        assert list(row.ids).count(2) == 1
        assert row.ids[-1] == 2
    for row in samples(reader_of("roberta"), Reading("encoder")):
        assert 1 not in row.ids  # padding counts for nothing there, and moves what is behind it


def test_of_several_classes_each_is_wanted_or_not() -> None:
    row = sample([5, 6, 7], reader_of("bert", TASKS["several"]), Reading("encoder", TASKS["several"]))
    assert list(row.targets) == [0.0, 1.0, 0.0]
