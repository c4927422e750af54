from pathlib import Path

import pytest

from tunesmith.core.errors import BadData
from tunesmith.core.example import Example, Message, Place
from tunesmith.model.load import load_chat
from tunesmith.objective._question import question

ROW = Example(
    Place("a.csv", 2),
    (Message("user", "where is my card"), Message("assistant", "lost")),
    labels=("lost",),
    fields={"answer": "it is late", "empty": ""},
)


def test_what_stands_before_the_answer_is_read_and_worth_one(bert_folder: Path) -> None:
    chat = load_chat(bert_folder)
    found = question(ROW, chat, None)
    assert found.ids == chat.encode_prompt(ROW.messages[:1])
    assert list(found.weights) == [1.0] + [0.0] * (len(found) - 1)


def test_a_second_text_is_read_from_its_column(bert_folder: Path) -> None:
    chat = load_chat(bert_folder)
    assert question(ROW, chat, "answer").second > 0
    for column in ("empty", "other"):
        with pytest.raises(BadData, match=f"no text in the column '{column}'. .* answer, empty"):
            question(ROW, chat, column)


def test_a_base_that_chats_reads_the_prompt_that_a_server_would_send(tiny_folder: Path) -> None:
    chat = load_chat(tiny_folder)
    assert question(ROW, chat, None).ids == chat.encode_prompt(ROW.messages[:1])
    text = chat.spell(question(ROW, chat, "answer").ids)
    assert "where is my card\n\nit is late" in text
