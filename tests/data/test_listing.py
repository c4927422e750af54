"""Messages about many rows show the first of them and count all."""

from tunesmith.data.listing import LISTED_ROWS, listing


def test_few_rows_are_all_listed():
    assert listing("2 rows are odd:", ["a:1", "a:2"], 2, "Mend them.") == (
        "2 rows are odd:\n  a:1\n  a:2\nMend them."
    )


def test_of_many_rows_the_first_are_listed_and_the_others_counted():
    lines = listing("Odd:", [f"a:{line}" for line in range(300)], 5000, "Mend them.").splitlines()
    assert len(lines) == 1 + LISTED_ROWS + 2
    assert lines[-2] == "  and 4,900 more"
