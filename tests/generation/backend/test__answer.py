"""A growing answer gives whole characters only, in pieces that add up, and ends where it must."""

from array import array
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.core.cards import Chat, Decoding, Model
from tunesmith.core.errors import PromptTooLong
from tunesmith.generation.backend._answer import Answer


@pytest.fixture(scope="module")
def chat(tiny_folder) -> Chat:
    from tunesmith.model.load import load_chat

    return load_chat(tiny_folder)


@pytest.fixture(scope="module")
def spaced_chat(tmp_path_factory: pytest.TempPathFactory) -> Chat:
    """A tokenizer that drops the leading space and falls back to bytes, as sentencepiece models do."""
    from tokenizers import Tokenizer, decoders, models
    from transformers import PreTrainedTokenizerFast

    from tunesmith.model.chat import PLAIN_TEMPLATE, ChatTokenizer

    words = ["<end>", "▁", "▁the", "▁kettle", "s", "▁mug"] + [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer = Tokenizer(
        models.BPE(vocab={word: number for number, word in enumerate(words)}, merges=[], byte_fallback=True)
    )
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<end>", chat_template=PLAIN_TEMPLATE
    )
    return ChatTokenizer(fast)


def answer_of(chat: Chat, limit: int = 1000, stop: tuple[str, ...] = ()) -> Answer:
    return Answer.begin(chat, 100_000, array("i", [5]), Decoding(max_tokens=limit, stop=stop))


def pieces(answer: Answer, ids: Sequence[int]) -> list[str]:
    given_pieces: list[str] = []
    for token in ids:
        given_pieces.append(answer.add(token).text)
        if answer.finish_reason:
            break
    return given_pieces


def ids_of(chat: Chat, text: str) -> list[int]:
    return list(chat.encode_document(text).ids)[1:-1]


@given(text=st.text(max_size=40))
def test_pieces_of_any_text_add_up_and_never_hold_half_a_character(chat: Chat, text: str) -> None:
    ids = ids_of(chat, text)
    answer = answer_of(chat)
    found = pieces(answer, [*ids, chat.stop_ids[0]])
    assert "".join(found) == answer.text == chat.decode(ids)
    if "\ufffd" not in text:
        assert not any("\ufffd" in piece for piece in found)


@given(ids=st.lists(st.integers(0, 299), max_size=40))
def test_pieces_add_up_even_where_the_bytes_are_no_text(chat: Chat, ids: list[int]) -> None:
    ids = [token for token in ids if token not in chat.stop_ids]
    answer = answer_of(chat)
    pieces(answer, [*ids, chat.stop_ids[0]])
    assert answer.text == chat.decode(ids)


PARTS = [[1], [2], [3], [4], [5], *([6 + byte for byte in letter.encode()] for letter in "a é€😀")]


@given(parts=st.lists(st.sampled_from(PARTS), max_size=30))
def test_pieces_add_up_where_the_tokenizer_drops_a_leading_space(
    spaced_chat: Chat, parts: list[list[int]]
) -> None:
    ids = [token for part in parts for token in part]
    found = pieces(answer_of(spaced_chat), [*ids, spaced_chat.stop_ids[0]])
    assert "".join(found) == spaced_chat.decode(ids)
    assert not any("\ufffd" in piece for piece in found)


def test_text_is_given_as_soon_as_it_is_certain(chat: Chat) -> None:
    ids = ids_of(chat, "a€b")
    assert pieces(answer_of(chat), ids) == ["a", "", "", "€", "b"]


@given(text=st.text("ab ", max_size=30), stops=st.lists(st.text("ab ", min_size=1, max_size=4), max_size=3))
def test_a_stop_string_never_shows_and_nothing_before_it_is_lost(
    chat: Chat, text: str, stops: list[str]
) -> None:
    ids = ids_of(chat, text)
    answer = answer_of(chat, stop=tuple(stops))
    found = pieces(answer, [*ids, chat.stop_ids[0]])
    assert "".join(found) == answer.text
    assert text.startswith(answer.text)
    assert not any(stop in answer.text for stop in stops)
    assert answer.finish_reason == "stop"
    if not any(stop in text for stop in stops):
        assert answer.text == text


def test_what_might_begin_a_stop_string_is_held_back_and_then_given(chat: Chat) -> None:
    answer = answer_of(chat, stop=("END",))
    assert pieces(answer, [*ids_of(chat, "xEN"), *ids_of(chat, "Q")]) == ["x", "", "", "ENQ"]


def test_the_limit_ends_the_answer_and_gives_what_was_held_back(chat: Chat) -> None:
    answer = answer_of(chat, limit=2, stop=("ab",))
    assert pieces(answer, ids_of(chat, "xa")) == ["x", "a"]
    assert (answer.finish_reason, answer.tokens) == ("length", 2)


def test_the_end_token_counts_but_shows_nothing(chat: Chat) -> None:
    answer = answer_of(chat)
    assert answer.add(chat.stop_ids[0]).text == ""
    assert answer.completion().finish_reason == "stop"
    assert answer.completion().tokens == 1


def test_the_room_behind_the_prompt_bounds_the_answer(tiny_model: Model) -> None:
    assert Answer.begin(tiny_model.chat, 10, [1] * 7, Decoding(max_tokens=50)).limit == 3
    assert Answer.begin(tiny_model.chat, 10, [1] * 7, Decoding(max_tokens=2)).limit == 2
    with pytest.raises(PromptTooLong, match=r"10 tokens, but the model takes 10 .* at least 1"):
        Answer.begin(tiny_model.chat, 10, [1] * 10, Decoding())
