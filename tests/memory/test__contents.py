from tunesmith.core.memory import KeptRow
from tunesmith.memory._contents import joined, listed
from tunesmith.memory._manifest import Kept


def test_a_row_is_listed_once_with_all_of_its_parts() -> None:
    parts = [Kept("a", "book", "1", 5), Kept("b", "", "2", 7), Kept("a", "book", "3", 2)]
    assert listed(parts, (part.entries for part in parts)) == (
        KeptRow("a", "book", joined(["1", "3"]), 7),
        KeptRow("b", "", joined(["2"]), 7),
    )


def test_what_a_row_says_depends_on_the_order_of_its_parts_and_on_none_twice() -> None:
    assert joined(["1", "2", "1"]) == joined(["1", "2"]) != joined(["2", "1"])
