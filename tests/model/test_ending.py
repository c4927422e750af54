import pytest

from tunesmith.model.ending import Ending, find_ending

TOKENS = ("<e>", "<end>", "<call>", "<close>", "<|x|>")


@pytest.mark.parametrize(
    ("last", "inside", "kept"),
    [
        ("<e>", "<e><u>", "<e>"),
        ("<e>\n", "<e>\n<u>", "<e>"),
        (" <e>", " <e>\n", " <e>"),
        ("<end>\n<e>", "<end>\n<u>", "<end>"),
        ("<close><e>", "<close><e><u>", "<close><e>"),
        ("<e>", "<end><u>", "<e>"),
        ("<e><end>", "", "<e>"),
        ("", "<u>", "<eos>"),
        ("\n\n", "\n\nUser:", "<eos>"),
        ("<m>\n", "<m>\nUser:", "<eos>"),
    ],
    ids=[
        *("the end token", "behind it a line", "a space before it", "a second one only at the very end"),
        *("two in all answers", "another than in earlier turns", "nothing known of earlier turns"),
        *("no end", "only lines", "only plain text"),
    ],
)
def test_an_answer_is_learned_up_to_its_end_token(last: str, inside: str, kept: str) -> None:
    ending = find_ending(last, inside, "<eos>", TOKENS)
    assert ending.close(f"Hello{last}") == f"Hello{kept}"
    assert ending.close(last) == kept


def test_an_answer_that_ends_otherwise_ends_at_the_token_that_stands_last() -> None:
    ending = find_ending("<e>", "<e>", "<eos>", TOKENS)
    assert ending.close("f()<call>\n") == "f()<call>"
    assert ending.close("f()") == "f()<eos>"
    assert ending.close("<call> or not") == "<call> or not<eos>"


def test_where_nothing_is_known_only_tokens_count() -> None:
    ending = Ending(None, "<eos>", "<eos>", TOKENS)
    assert ending.close("Hello<e>") == "Hello<e>"
    assert ending.close("Hello") == "Hello<eos>"


def test_the_longest_of_several_tokens_is_found() -> None:
    assert find_ending("<e>x", "<e>x", "<eos>", ("<e", "<e>", "e>")).kept == "<e>"
