from collections import Counter
from pathlib import Path

import pytest
import torch

from tunesmith.core.cards import Encoded
from tunesmith.core.errors import BadData
from tunesmith.core.example import Example, Place
from tunesmith.core.task import LANGUAGE
from tunesmith.model.load import load_chat
from tunesmith.objective.mask import Mask

WORDS = ["where", "is", "my", "card", "it", "is", "late", "the", "blue", "order", "is", "lost"]
LONG = Example(Place("a.txt", 1), text=" ".join(WORDS * 100))
SHORT = Example(Place("a.txt", 2), text="my card is lost")


def original(piece: Encoded) -> list[int]:
    return [
        int(target) if target >= 0 else token for token, target in zip(piece.ids, piece.targets, strict=True)
    ]


def test_every_word_is_in_one_window_and_each_window_begins_and_ends_like_a_text(bert_folder: Path) -> None:
    chat = load_chat(bert_folder)
    pieces = Mask(window=32).encode(LONG, chat, LANGUAGE)
    assert all(len(piece) <= 32 for piece in pieces)
    inside = [token for piece in pieces for token in original(piece)[1:-1]]
    assert inside == list(chat.encode_document(LONG.text).ids)[1:-1]
    assert all((piece.ids[0], piece.ids[-1]) == (1, 2) for piece in pieces)
    assert all((piece.targets[0], piece.targets[-1]) == (-1, -1) for piece in pieces)


def test_so_many_are_to_be_found_and_they_are_hidden_swapped_or_left(bert_folder: Path) -> None:
    chat = load_chat(bert_folder)
    fates: Counter[str] = Counter()
    for epoch in range(30):
        for piece in Mask(window=64).encode(LONG, chat, LANGUAGE):
            seen = Mask().renew(piece, epoch, chat)
            asked = [place for place, weight in enumerate(seen.weights) if weight]
            assert len(asked) == round(0.15 * (len(seen) - 2))
            for place in range(len(seen)):
                token, right = seen.ids[place], original(seen)[place]
                if place not in asked:
                    assert token == right
                else:
                    fates["hidden" if token == chat.mask_id else "left" if token == right else "swapped"] += 1
    total = fates.total()
    assert fates["hidden"] / total == pytest.approx(0.8, abs=0.03)
    assert fates["swapped"] / total == pytest.approx(0.08, abs=0.03)  # some are swapped for the same word


def test_each_epoch_hides_others_and_the_same_ones_every_time(bert_folder: Path) -> None:
    chat = load_chat(bert_folder)
    (piece, *_) = Mask().encode(LONG, chat, LANGUAGE)
    first, again, second = (Mask().renew(piece, epoch, chat) for epoch in (1, 1, 2))
    assert first == again
    assert first.weights != second.weights
    assert original(first) == original(second) == original(piece)
    assert Mask().renew(second, 1, chat) == first


def test_of_a_short_text_at_least_one_word_is_to_be_found(bert_folder: Path) -> None:
    (piece,) = Mask(share=0.01).encode(SHORT, load_chat(bert_folder), LANGUAGE)
    assert sum(piece.weights) == 1


def test_an_empty_text_has_nothing_to_be_found(bert_folder: Path) -> None:
    (piece,) = Mask().encode(Example(Place("a.txt", 3), text=" "), load_chat(bert_folder), LANGUAGE)
    assert not any(piece.weights)


def test_a_base_that_hides_nothing_is_refused(tiny_folder: Path) -> None:
    with pytest.raises(BadData, match=r"no token that hides others. Choose objective: text"):
        Mask().encode(SHORT, load_chat(tiny_folder), LANGUAGE)


def test_the_loss_is_the_sum_of_costs() -> None:
    loss = Mask().loss(torch.tensor([-1.0, -2.0]), torch.tensor([1.0, 0.5]))
    assert (float(loss.total), loss.weight) == (2.0, 1.5)
