from pathlib import Path

import pytest

from tunesmith.core.errors import BadBase, BadData
from tunesmith.core.example import Message
from tunesmith.model.load import load_chat
from tunesmith.model.plain import PlainTokenizer

ASKED = (Message("user", "where is my card"),)
SAID = (*ASKED, Message("assistant", "it is late"))


def plain(folder: Path) -> PlainTokenizer:
    found = load_chat(folder)
    assert isinstance(found, PlainTokenizer)
    return found


def test_a_text_has_the_ids_that_transformers_gives_it(bert_folder: Path, t5_folder: Path) -> None:
    for folder in (bert_folder, t5_folder):
        chat = plain(folder)
        assert list(chat.encode_prompt(ASKED)) == chat.tokenizer("where is my card")["input_ids"]
        assert chat.spell(chat.encode_prompt(ASKED)).startswith(("[CLS] where", "where"))
        assert chat.decode(chat.encode_prompt(ASKED)) == "where is my card"


def test_turns_are_read_as_lines(bert_folder: Path) -> None:
    chat = plain(bert_folder)
    both = chat.encode_prompt((Message("system", "the shop"), *ASKED))
    assert list(both) == chat.tokenizer("the shop\nwhere is my card")["input_ids"]


def test_a_second_text_begins_where_transformers_says(bert_folder: Path, t5_folder: Path) -> None:
    chat = plain(bert_folder)
    found, wanted = (
        chat.encode_question(ASKED, "it is late"),
        chat.tokenizer("where is my card", "it is late", return_token_type_ids=True),
    )
    assert list(found.ids) == wanted["input_ids"]
    assert found.second == wanted["token_type_ids"].index(1)
    assert not any(found.weights)
    assert chat.encode_question(ASKED).second == 0
    assert plain(t5_folder).encode_question(ASKED, "it is late").second == 0  # it knows no parts


def test_an_answer_is_written_behind_what_it_answers(t5_folder: Path) -> None:
    chat = plain(t5_folder)
    (found,) = chat.encode_conversation(SAID)
    assert found.source == chat.encode_prompt(ASKED)
    assert list(found.ids) == [0, *chat.tokenizer("it is late")["input_ids"]]
    assert list(found.weights) == [0.0, 1.0, 1.0, 1.0, 1.0]
    assert found.ids[-1] in chat.stop_ids
    assert chat.begin_id == found.ids[0]


def test_every_answer_is_learned_once_and_an_unweighted_one_never(t5_folder: Path) -> None:
    chat = plain(t5_folder)
    turns = (*SAID, Message("user", "my order"), Message("assistant", "lost", weight=0.5))
    first, second = chat.encode_conversation(turns)
    assert second.source == chat.encode_prompt(turns[:3])
    assert list(second.weights) == [0.0, 0.5, 0.5]
    assert chat.encode_conversation((*ASKED, Message("assistant", "no", weight=0.0))) == []
    assert len(first) == 5


def test_what_is_around_a_document_is_not_learned(bert_folder: Path) -> None:
    found = plain(bert_folder).encode_document("my card is lost")
    assert list(found.weights) == [0.0, 1.0, 1.0, 1.0, 1.0, 0.0]


def test_a_base_that_only_reads_writes_no_answers(bert_folder: Path) -> None:
    with pytest.raises(BadData, match="reads and does not answer"):
        plain(bert_folder).encode_conversation(SAID)
    with pytest.raises(BadData, match="calls no tools"):
        plain(bert_folder).encode_prompt(ASKED, "[]")


def test_a_base_whose_answers_begin_nowhere_is_refused(t5_folder: Path) -> None:
    tokenizer = plain(t5_folder).tokenizer
    with pytest.raises(BadBase, match="decoder_start_token_id"):
        PlainTokenizer.of(tokenizer, {"is_encoder_decoder": True})


def test_its_fingerprint_is_that_of_its_ids(bert_folder: Path, t5_folder: Path, tmp_path: Path) -> None:
    chat = plain(bert_folder)
    chat.save(tmp_path)
    (tmp_path / "config.json").write_text((bert_folder / "config.json").read_text())
    assert plain(tmp_path).fingerprint == chat.fingerprint != plain(t5_folder).fingerprint


def test_what_it_knows_is_told(bert_folder: Path) -> None:
    chat = plain(bert_folder)
    assert (chat.size, chat.longest, chat.pad_id, chat.mask_id, chat.stop_ids) == (23, 64, 0, 3, (2,))
    assert chat.begin_id is None
