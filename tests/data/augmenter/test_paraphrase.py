"""A model that the recipe names writes new questions; what it gets wrong is not used."""

from collections.abc import Callable, Sequence

from tunesmith.core.audit import Given
from tunesmith.core.example import Example
from tunesmith.data.augmenter._draw import asked
from tunesmith.data.augmenter.paraphrase import TEXTS_AT_ONCE, Paraphrase


def test_each_question_is_written_anew_and_numbers_must_stay(
    rows: list[Example], given: Callable[..., Given]
) -> None:
    calls: list[Sequence[str]] = []

    def write(model: str, texts: Sequence[str]) -> list[str]:
        assert model == "writer"
        calls.append(texts)
        questions = [text.split("\n\n")[1] for text in texts]
        return [f' "I ask you: {text.replace("7", "")}" ' for text in questions]

    paraphrase = Paraphrase(model="writer", instruction="Again:", share=1.0, check_labels=False)
    made = list(paraphrase.augment(rows, given(write=write), 1))
    assert [len(texts) for texts in calls] == [TEXTS_AT_ONCE] * 3 + [200 - 3 * TEXTS_AT_ONCE]
    assert calls[0][0].startswith("Again:\n\n")
    used = [one.row for one in made if not one.rejected]
    assert {one.rejected for one in made} == {"", "a number, address or placeholder changed"}
    assert sorted(row.place.line for row in used) == [n for n in range(200) if "7" not in str(n)]
    by_place = {row.place: row for row in rows}
    assert all(asked(row) == [f"I ask you: {asked(by_place[row.place])[0]}"] for row in used)
    assert all(row.made_by == "paraphrase 1" and row.labels == by_place[row.place].labels for row in used)
