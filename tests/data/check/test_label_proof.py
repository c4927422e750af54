from array import array
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from chat_templates.families import FAMILIES
from chat_templates.small_tokenizers import tokenizer_of
from tunesmith.core.audit import Finding, Material
from tunesmith.core.cards import Encoded
from tunesmith.core.example import Example, Kind, Message, Place
from tunesmith.core.task import LANGUAGE
from tunesmith.data.check.label_proof import LabelProof, marked
from tunesmith.model.chat import ChatTokenizer
from tunesmith.model.load import load_chat
from tunesmith.objective.text import Text


@pytest.fixture
def chat(tiny_folder: Path) -> ChatTokenizer:
    return load_chat(tiny_folder)


def row(line: int, answer: str = "On its way.") -> Example:
    turns = (Message("user", f"Where is order {line}?"), Message("assistant", answer))
    return Example(Place("rows.jsonl", line), turns)


def material(chat: ChatTokenizer, rows: Sequence[Example], kind: Kind = "conversations") -> Material:
    tokens = [chat.encode_conversation(one.messages) for one in rows]
    return Material(kind, {"train": rows}, {"train": tokens}, chat, 100)


def masked_end(sequence: Encoded) -> Encoded:
    return replace(sequence, weights=sequence.weights[:-1] + array("f", [0.0]))


def with_tokens(found: Material, line: int, sequences: list[Encoded]) -> Material:
    """Put other sequences in the place of a row's."""
    tokens = list(found.tokens["train"])
    tokens[line - 1] = sequences
    return replace(found, tokens={"train": tokens})


def severities(findings: list[Finding]) -> list[str]:
    return [finding.severity for finding in findings]


def test_rows_that_are_proven_leave_a_note_that_shows_three_of_them(chat: ChatTokenizer) -> None:
    (shown,) = LabelProof().look(material(chat, [row(line) for line in range(1, 1101)]))
    assert (shown.check, shown.severity) == ("label_proof", "note")
    assert shown.sentence == (
        "All 1,100 rows were looked at token by token. What is learned of the first rows stands in [[ ]]."
    )
    assert shown.examples == tuple(
        f"rows.jsonl:{line}: <|begin|><|user|>Where is order {line}?<|end|><|assistant|>"
        "[[On its way.<|end|>]]"
        for line in (1, 2, 3)
    )


def test_rows_of_which_something_else_is_learned_stop_with_expected_and_found(chat: ChatTokenizer) -> None:
    whole = material(chat, [row(line) for line in range(1, 21)])
    wrong = with_tokens(whole, 4, [masked_end(whole.tokens["train"][3][0])])
    wrong = with_tokens(wrong, 7, chat.encode_conversation(row(7, "Lost.").messages))
    wrong = with_tokens(wrong, 9, chat.encode_conversation(row(9, "Gone.").messages))
    stop, note = LabelProof().look(wrong)
    assert severities([stop, note]) == ["stop", "note"]
    assert stop.rows == 3
    assert stop.sentence == (
        "In 3 of 20 rows not exactly the answers are learned: something else than an answer is learned 2, "
        "the end of an answer is not learned 1."
    )
    assert stop.examples[0].startswith(
        "rows.jsonl:4: the end of an answer is not learned: expected '<|end|>'"
    )
    assert stop.examples[1] == (
        "rows.jsonl:7: something else than an answer is learned: expected 'On its way.', found 'Lost.'"
    )
    assert stop.remedy
    assert sum(stop.chart.values()) == 3


def test_every_split_is_proven(chat: ChatTokenizer) -> None:
    rows = [row(1)]
    good = [chat.encode_conversation(rows[0].messages)]
    bad = [chat.encode_conversation(rows[0].messages[:1])]
    for split in ("train", "validation", "test"):
        tokens = {name: bad if name == split else good for name in ("train", "validation", "test")}
        rows_by_split = dict.fromkeys(tokens, rows)
        found = LabelProof().look(Material("conversations", rows_by_split, tokens, chat, 100))
        assert severities(found) == ["stop", "note"]
        assert "In 1 of 3 rows" in found[0].sentence


def test_beyond_so_many_rows_a_sample_is_proven_and_it_is_said(chat: ChatTokenizer) -> None:
    rows = [row(line) for line in range(1, 2001)]
    whole = material(chat, rows)
    broken = replace(whole, tokens={"train": [[masked_end(one)] for (one,) in whole.tokens["train"]]})
    stop, note = LabelProof(most_rows=200).look(broken)
    assert 150 <= stop.rows <= 250
    assert note.sentence.startswith(f"{stop.rows} of 2,000 rows, chosen by hash, were looked at")
    assert LabelProof(most_rows=200).look(broken)[0] == stop
    lines = [int(example.split(":")[1]) for example in stop.examples]
    assert lines != list(range(lines[0], 10 * (lines[1] - lines[0]) + lines[0], lines[1] - lines[0]))


def test_prompts_of_some_rows_are_held_against_what_a_server_sends(chat: ChatTokenizer) -> None:
    rows = [row(line) for line in range(1, 101)]
    whole = material(chat, rows)
    others = [chat.encode_conversation(row(one.place.line + 500).messages) for one in rows]
    wrong = replace(whole, tokens={"train": others})
    assert LabelProof(rendered_again=100).look(wrong)[0].rows == 100
    assert LabelProof(rendered_again=10).look(wrong)[0].rows == 10


@pytest.mark.parametrize(
    ("answer", "severity", "sentence"),
    [
        ("Say <|end|> to stop.", "warning", "a token that ends or pads answers"),
        ("Say <|pad|> to pad.", "warning", "a token that ends or pads answers"),
    ],
)
def test_answers_with_such_a_token_are_a_warning(
    answer: str, severity: str, sentence: str, chat: ChatTokenizer
) -> None:
    found, _ = LabelProof().look(material(chat, [row(1), row(2, answer), row(3)]))
    assert (found.severity, found.rows) == (severity, 1)
    assert found.sentence.startswith("In 1 of 3 rows")
    assert sentence in found.sentence
    assert found.examples == (f"rows.jsonl:2: {answer}",)


def test_what_the_template_trims_and_the_tokenizer_does_not_know_are_notes() -> None:
    gemma = ChatTokenizer(tokenizer_of(next(family for family in FAMILIES if family.name == "gemma")))
    rows = [row(1), row(2, " Yes. "), row(3, "\U0001f642"), row(4, "\n\U0001f642")]
    trimmed, changed, _ = LabelProof().look(material(gemma, rows))
    assert (trimmed.severity, trimmed.rows) == ("note", 2)
    assert "white space at the edges" in trimmed.sentence
    assert (changed.severity, changed.rows) == ("note", 2)
    assert "letters that the tokenizer does not know" in changed.sentence


def test_answers_that_were_cut_off_are_a_note(chat: ChatTokenizer) -> None:
    whole = material(chat, [row(1), row(2)])
    (sequence,) = whole.tokens["train"][1]
    cut = Encoded(sequence.ids[:-2], sequence.weights[:-2], lost=2)
    found, _ = LabelProof().look(with_tokens(whole, 2, [cut]))
    assert (found.severity, found.rows) == ("note", 1)
    assert "was cut off" in found.sentence
    assert "data.max_tokens" in found.remedy


def test_documents_are_proven_too(chat: ChatTokenizer) -> None:
    rows = [Example(Place("a.txt", line), text=f"The kettle boils water {line} times.") for line in (1, 2)]
    tokens = [Text(window=5).encode(one, chat, LANGUAGE) for one in rows]
    (shown,) = LabelProof().look(Material("text", {"train": rows}, {"train": tokens}, chat, 100))
    assert shown.examples[0].startswith("a.txt:1: <|begin|>[[The")
    assert " more sequences" in shown.examples[0]
    stop, _ = LabelProof().look(Material("text", {"train": rows}, {"train": tokens[::-1]}, chat, 100))
    assert stop.rows == 2


@pytest.mark.parametrize("kind", ["ratings", "prompts"])
def test_other_kinds_of_rows_are_not_looked_at(kind: Kind, chat: ChatTokenizer) -> None:
    assert LabelProof().look(material(chat, [row(1)], kind)) == []


def test_the_preferred_answers_of_pairs_are_proved(chat: ChatTokenizer) -> None:
    (shown,) = LabelProof().look(material(chat, [row(1), row(2)], "pairs"))
    assert shown.sentence.startswith("All 2 rows were looked at token by token.")


def test_brackets_in_a_text_are_not_taken_for_marks(chat: ChatTokenizer) -> None:
    asked = Example(
        Place("a.jsonl", 1, 0), (Message("user", "What is [[this]]?"), Message("assistant", "A [[link]]."))
    )
    (shown,) = LabelProof().look(material(chat, [asked]))
    assert (shown.examples[0].count("[["), shown.examples[0].count("]]")) == (1, 1)
    assert "[\u2060[this]\u2060]?" in shown.examples[0]


def test_nothing_is_said_of_no_rows(chat: ChatTokenizer) -> None:
    assert LabelProof().look(material(chat, [])) == []


def test_long_pieces_are_shortened_and_control_characters_are_written_out(chat: ChatTokenizer) -> None:
    turns = (Message("user", "a" * 900 + "\x1b[2J"), Message("assistant", "b" * 900 + "\n"))
    (sequence,) = chat.encode_conversation(turns)
    shown = marked(sequence, chat)
    assert "\\x1b[2J" in shown
    assert shown.endswith("b\n<|end|>]]")
    assert shown.count(" … ") == 2
    assert len(shown) < 1100
