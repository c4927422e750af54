from pathlib import Path

import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from tunesmith.core.cards import Chat
from tunesmith.core.errors import BadData
from tunesmith.model.chat import PLAIN_TEMPLATE, ChatTokenizer
from tunesmith.model.load import load_chat
from tunesmith.model.plain import PlainTokenizer
from tunesmith.model.words import first_pieces

WORDS = ("Zoë", "met", "U.S.", "senators", "in", "naïve", "日本", ".")


def firsts(chat: Chat, words: tuple[str, ...]) -> list[int]:
    return [place for place, weight in enumerate(chat.encode_words(words).weights) if weight]


def trained(kind: str) -> PreTrainedTokenizerFast:
    """Train a tokenizer that cuts most words into several pieces."""
    backend, special = Tokenizer(models.BPE(unk_token="<unk>")), ["<unk>", "</s>"]
    trainer = trainers.BpeTrainer(
        vocab_size=290 if kind == "bytes" else 40, special_tokens=special, show_progress=False
    )
    if kind == "bytes":
        backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        backend.decoder = decoders.ByteLevel()
        trainer.initial_alphabet = pre_tokenizers.ByteLevel.alphabet()
    elif kind == "metaspace":
        backend.pre_tokenizer = pre_tokenizers.Metaspace()
    elif kind == "prepended":  # as Llama's: no pre-tokenizer, so pieces may run over a space
        changes = [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
        backend.normalizer = normalizers.Sequence(changes)
    else:
        backend.normalizer = normalizers.BertNormalizer()
        backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.train_from_iterator([*WORDS, *(f" {word}" for word in WORDS)], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, eos_token="</s>", unk_token="<unk>", chat_template=PLAIN_TEMPLATE
    )


@pytest.mark.parametrize("kind", ["bytes", "metaspace", "prepended", "bert"])
@pytest.mark.parametrize("wrap", [ChatTokenizer, PlainTokenizer])
def test_the_first_piece_of_a_word_is_where_its_first_letter_is(kind: str, wrap: type) -> None:
    tokenizer = trained(kind)
    chat: Chat = wrap(tokenizer)
    ids, found = chat.encode_words(WORDS).ids, firsts(chat, WORDS)
    text = " ".join(WORDS)
    starts = [len(" ".join((*WORDS[:number], ""))) for number in range(len(WORDS))]
    wanted = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    assert list(ids)[: len(wanted["input_ids"])] == wanted["input_ids"]  # words are read as the text they are
    for place, start in zip(found, starts, strict=True):
        (first, end) = wanted["offset_mapping"][place]
        assert first <= start < end
        assert place == 0 or wanted["offset_mapping"][place - 1][1] <= start
    assert len(found) == len(WORDS) < len(wanted["input_ids"])


def test_what_a_tokenizer_adds_is_no_word(bert_folder: Path, tiny_folder: Path) -> None:
    chat = load_chat(bert_folder)
    assert chat.spell(chat.encode_words(("my", "card.")).ids) == "[CLS] my card [UNK] [SEP]"
    assert firsts(chat, ("my", "card.")) == [1, 2]
    decoder = load_chat(tiny_folder)
    found = decoder.encode_words(("my", "card"))
    assert found.ids[-1] in decoder.stop_ids
    assert not found.weights[-1]
    assert sum(found.weights) == 2


def test_a_word_without_a_token_of_its_own_is_named(bert_folder: Path) -> None:
    with pytest.raises(BadData, match=r"word 2, '\\u200b', no token of its own"):
        ChatTokenizer(trained("bert")).encode_words(("met", "\u200b", "in"))
    with pytest.raises(BadData, match="word 2, 'b'"):
        first_pieces(("a", "b"), [(0, 0), (0, 3)])
    assert list(load_chat(bert_folder).encode_words(()).weights) == [0.0, 0.0]
