from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from kept_memories import DISK, files
from tunesmith.core.cards import Model
from tunesmith.core.errors import BadOption, BadRecipe
from tunesmith.core.example import Message
from tunesmith.core.memory import Reader, Recall, Remembered
from tunesmith.memory.retrieval import Retrieval

ROWS = [
    Remembered("faq:1", "faq", "The kettle boils water in three minutes."),
    Remembered("faq:2", "faq", "The lantern gives light for ten hours. Charge it overnight."),
    Remembered("book:1", "book", "A blanket keeps you warm. Wash the blanket at thirty degrees."),
    Remembered("book:2", "book", "Kettle, kettle, kettle: a poem about {prompt} and {passages}."),
]
READER = Reader("any model")
ANY = 10_000


def embed(texts: Sequence[str]) -> NDArray[Any]:
    """Give vectors that say which letters a text has."""
    vectors = np.array([[text.count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts])
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def letters(messages: Sequence[Message]) -> int:
    return sum(len(message.content) for message in messages)


def ask(question: str) -> tuple[Message, ...]:
    return Message("system", "Be brief."), Message("user", question)


def opened(folder: Path, options: Retrieval, rows: Sequence[Remembered] = ROWS) -> Recall:
    options.add(rows, folder, READER, DISK)
    return options.open(folder, READER)


def test_the_best_passages_are_put_before_the_question_best_first(tmp_path: Path) -> None:
    shown = opened(tmp_path, Retrieval()).show(ask("How long does the kettle boil water?"), letters, ANY)
    assert [passage.key for passage in shown.passages] == ["faq:1", "book:2", "faq:2", "book:1"][:3]
    assert shown.messages[0] == Message("system", "Be brief.")
    assert shown.messages[1].content == (
        "Passages that may help:\n\n"
        + "\n\n".join(passage.text for passage in shown.passages)
        + "\n\nHow long does the kettle boil water?"
    )
    assert [passage.score for passage in shown.passages] == sorted(
        (passage.score for passage in shown.passages), reverse=True
    )
    assert (shown.passages[0].source, shown.passages[0].text) == ("faq", ROWS[0].text)


def test_what_has_nothing_to_do_with_the_question_is_not_shown(tmp_path: Path) -> None:
    recall = opened(tmp_path, Retrieval())
    assert recall.show(ask("Wie spät?"), letters, ANY).messages == ask("Wie spät?")
    assert recall.show((Message("system", "kettle"),), letters, ANY).passages == ()


@pytest.mark.parametrize("tokens", [1, 50, 110, 150, 500])
@pytest.mark.parametrize("limit", [20, 120, 200, ANY])
def test_it_never_takes_more_room_than_it_is_given(tmp_path: Path, tokens: int, limit: int) -> None:
    question = ask("kettle lantern blanket")
    shown = opened(tmp_path, Retrieval(tokens=tokens)).show(question, letters, limit)
    assert letters(shown.messages) <= max(letters(question), min(limit, letters(question) + tokens))
    assert len(shown.passages) + len(shown.left_out) == 3
    assert bool(shown.passages) == (shown.messages != question)


def test_where_a_long_passage_does_not_fit_a_shorter_one_may(tmp_path: Path) -> None:
    rows = [Remembered("long", "", "kettle " * 9), Remembered("short", "", "A kettle is here, I say.")]
    recall = opened(tmp_path, Retrieval(tokens=60, template="{passages} {prompt}"), rows)
    shown = recall.show(ask("kettle"), letters, ANY)
    assert [passage.key for passage in shown.left_out] == ["long"]
    assert [passage.key for passage in shown.passages] == ["short"]


def test_tokens_are_those_of_the_rendered_prompt(tmp_path: Path, tiny_model: Model) -> None:
    chat = tiny_model.chat

    def count(messages: Sequence[Message]) -> int:
        return len(chat.encode_prompt(messages))

    question = ask("kettle lantern blanket")
    shown = opened(tmp_path, Retrieval(tokens=500)).show(question, count, 180)
    assert count(question) < count(shown.messages) <= 180
    assert shown.left_out


def test_a_row_is_not_shown_to_itself_by_name_or_by_what_it_says(tmp_path: Path) -> None:
    recall = opened(tmp_path, Retrieval(words=10, top=9))
    for own in (Remembered("book:1"), Remembered("another", "", ROWS[2].text)):
        shown = recall.show(ask("Wash the blanket"), letters, ANY, own)
        assert "book:1" not in {passage.key for passage in shown.passages}
    assert "book:1" in {
        passage.key for passage in recall.show(ask("Wash the blanket"), letters, ANY).passages
    }


def test_what_a_passage_says_is_not_taken_for_the_template(tmp_path: Path) -> None:
    recall = opened(tmp_path, Retrieval(top=1, template="[{passages}] {prompt}"))
    (shown,) = recall.show([Message("user", "poem {passages}")], letters, ANY).messages
    assert shown.content == f"[{ROWS[3].text}] poem {{passages}}"


def test_long_rows_are_cut_and_what_says_the_same_is_shown_once(tmp_path: Path) -> None:
    rows = [
        Remembered("1", "", "Red fish swim. " * 9 + "Blue fish fly."),
        Remembered("2", "", "Blue fish fly."),
    ]
    recall = opened(tmp_path, Retrieval(words=10, top=5), rows)
    texts = [passage.text for passage in recall.show(ask("fish"), letters, ANY).passages]
    assert sorted(texts) == ["Blue fish fly.", "Red fish swim. " * 2 + "Red fish swim."]
    assert recall.describe()[0].startswith("5 passages of 2 rows, ranked by bm25")


def test_vectors_rank_passages_by_the_product(tmp_path: Path) -> None:
    reader, options = Reader("this model", embed=embed), Retrieval(rank="vectors", top=4)
    options.add(ROWS, tmp_path, reader, DISK)
    question = "warm blanket wash"
    shown = options.open(tmp_path, reader).show(ask(question), letters, ANY)
    products = embed([row.text for row in ROWS]) @ embed([question])[0]
    expected = sorted(zip(products.tolist(), (row.key for row in ROWS), strict=True), reverse=True)
    assert [(passage.key) for passage in shown.passages] == [key for _, key in expected]
    assert [passage.score for passage in shown.passages] == pytest.approx([score for score, _ in expected])


def test_vectors_of_another_model_are_refused_and_words_of_any_are_not(tmp_path: Path) -> None:
    by_vectors = Retrieval(rank="vectors")
    by_vectors.add(ROWS, tmp_path / "vectors", Reader("this", embed=embed), DISK)
    with pytest.raises(BadRecipe, match="made with another model"):
        by_vectors.open(tmp_path / "vectors", Reader("that", embed=embed))
    Retrieval().add(ROWS, tmp_path / "words", Reader("this"), DISK)
    assert Retrieval().open(tmp_path / "words", Reader("that"))


def test_passages_of_another_length_are_refused(tmp_path: Path) -> None:
    Retrieval().add(ROWS, tmp_path, READER, DISK)
    with pytest.raises(BadRecipe, match="made with other options"):
        Retrieval(words=50).open(tmp_path, READER)


@pytest.mark.parametrize("rank", ["bm25", "vectors"])
def test_removing_rows_is_never_having_read_them_to_the_bit(tmp_path: Path, rank: Any) -> None:
    options, reader = Retrieval(rank=rank, words=10), Reader("this", embed=embed)
    options.add(ROWS, tmp_path / "all", reader, DISK)
    options.remove(tmp_path / "all", DISK, keys=["book:1"])
    options.add([ROWS[0], ROWS[1], ROWS[3]], tmp_path / "few", reader, DISK)
    assert files(tmp_path / "all") == files(tmp_path / "few")


def test_it_changes_no_likelihood_and_can_be_copied(tmp_path: Path, tiny_model: Model) -> None:
    recall = opened(tmp_path / "a", Retrieval())
    forward: Any = object()
    assert recall.scoring(forward) is forward
    with recall.answering(tiny_model.network) as processors:
        assert processors == []
    recall.save(tmp_path / "package")
    assert Retrieval().open(tmp_path / "package", READER).describe() == recall.describe()


@pytest.mark.parametrize("template", ["", "{prompt}", "{passages}", "{prompt}{passages}{prompt}"])
def test_a_template_without_its_two_places_is_refused(template: str) -> None:
    with pytest.raises(BadOption, match=r"memory\.retrieval\.template"):
        Retrieval(template=template)


def test_it_lists_each_row_with_what_it_says_and_how_many_passages_it_has(tmp_path: Path) -> None:
    options = Retrieval(words=10)
    options.add(ROWS, tmp_path, READER, DISK)
    contents = options.contents(tmp_path)
    assert [(row.key, row.source, row.size) for row in contents.rows] == [
        ("faq:1", "faq", 1),
        ("faq:2", "faq", 1),
        ("book:1", "book", 2),
        ("book:2", "book", 1),
    ]
    assert [row.says for row in contents.rows] == [options.says(row) for row in ROWS]
    assert options.says(Remembered("other name", "other", ROWS[0].text)) == contents.rows[0].says
    assert (contents.unit, contents.tuned) == ("passages", "")
