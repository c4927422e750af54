"""A question goes there and back; each model is asked in batches, a chat model with its instruction."""

from collections.abc import Callable, Sequence

from tunesmith.core.audit import Given
from tunesmith.core.example import Example
from tunesmith.data.augmenter._draw import asked
from tunesmith.data.augmenter.back_translation import BackTranslation


def test_what_comes_back_is_the_new_question(rows: list[Example], given: Callable[..., Given]) -> None:
    seen: list[tuple[str, str]] = []

    def write(model: str, texts: Sequence[str]) -> list[str]:
        seen.extend((model, text) for text in texts)
        if model == "there":
            return [text.removeprefix("To French:\n\n").upper() for text in texts]
        return [f"{text.capitalize()} " for text in texts]

    there_and_back = BackTranslation(
        there="there", back="back", there_instruction="To French:", share=0.5, check_labels=False
    )
    made = [one.row for one in there_and_back.augment(rows, given(write=write), 2) if not one.rejected]
    assert 30 < len(made) < 70  # half of them have no capital to lose
    by_place = {row.place: row for row in rows}
    for row in made:
        old = asked(by_place[row.place])[0]
        assert asked(row) == [old.capitalize()]
        assert ("there", f"To French:\n\n{old}") in seen
        assert ("back", old.upper()) in seen
