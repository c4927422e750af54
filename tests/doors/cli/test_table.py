from tunesmith.doors.cli.table import aligned, markdown

TABLE = [["method", "value", "time"], ["lora", "0.5", "12 s"], ["full", "did not run: it needs | memory"]]


def test_columns_stand_below_their_heads_and_a_sentence_widens_none() -> None:
    assert aligned(TABLE) == [
        "method  value  time",
        "lora    0.5    12 s",
        "full    did not run: it needs | memory",
    ]


def test_the_name_before_a_sentence_has_room() -> None:
    assert aligned([["a", "b", "c"], ["long name", "sentence"]]) == ["a          b  c", "long name  sentence"]


def test_markdown_has_as_many_cells_in_every_row_and_marks_that_are_meant_as_text() -> None:
    assert markdown(TABLE) == [
        "| method | value | time |",
        "| --- | --- | --- |",
        "| lora | 0.5 | 12 s |",
        "| full | did not run: it needs \\| memory |  |",
    ]
    assert markdown([["a"], ["two\nlines"]])[-1] == "| two lines |"
