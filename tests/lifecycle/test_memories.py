from array import array
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch

from tunesmith.core.cards import Encoded, Model
from tunesmith.core.example import Example, Message, Place
from tunesmith.core.memory import Passage, Shown
from tunesmith.lifecycle.memories import Recalls, Rows, made_with
from tunesmith.method.lora import LoRA


def sequence(key: str, *ids: int) -> Encoded:
    return Encoded(array("i", ids), array("f", [0.0] + [1.0] * (len(ids) - 1)), key)


def row(line: int, source: str = "") -> Example:
    return Example(Place("a.jsonl", line), text=f"row {line}", source=source)


def test_a_row_is_remembered_once_with_all_its_sequences_however_often_it_is_shown() -> None:
    one, two = row(1), row(2, "book")
    shown = [sequence(one.name, 1, 2), sequence(one.name, 3, 4), sequence(two.name, 5, 6)]
    rows = Rows.of([*shown, *shown[:2]], [one, two])
    assert len(rows) == 2
    assert [len(each.sequences) for each in rows] == [2, 1]
    assert rows[0].sequences == (shown[0], shown[1])
    assert [(each.key, each.source, each.text) for each in rows[0:2]] == [
        (one.name, "a.jsonl", "row 1"),
        (two.name, "book", "row 2"),
    ]


def test_what_made_a_memory_is_the_base_and_what_was_learned(tiny_model: Model) -> None:
    base = made_with(tiny_model)
    assert made_with(tiny_model) == base
    model = LoRA(rank=2).apply(tiny_model, 7)
    before = made_with(model)
    assert before != base
    (name, parameter) = next((n, p) for n, p in model.network.named_parameters() if "lora_B" in n)
    with torch.no_grad():
        parameter += 0.1
    assert made_with(model) != before, name


@dataclass
class Adding:
    """A memory that adds a word to questions, and a number to scores."""

    word: str
    number: float
    saved: list[Path] = field(default_factory=list)

    def describe(self) -> tuple[str, ...]:
        return (self.word,)

    def show(
        self,
        messages: Sequence[Message],
        count: Callable[[Sequence[Message]], int],
        limit: int,
        own: Any = None,
    ) -> Shown:
        turns = (*messages[:-1], Message("user", f"{self.word} {messages[-1].content}"))
        return Shown(turns, (Passage(self.word, "", self.word, 1.0),))

    def scoring(self, forward: Any) -> Any:
        return [*forward, self.number]

    @contextmanager
    def answering(self, network: Any) -> Generator[list[Any]]:
        yield [lambda _, scores: scores + self.number]

    def save(self, folder: Path) -> None:
        folder.mkdir()
        self.saved.append(folder)


@pytest.fixture
def both() -> Recalls:
    return Recalls([Adding("first", 1.0), Adding("second", 10.0)])


def test_several_memories_are_asked_one_after_the_other(both: Recalls, tmp_path: Path) -> None:
    shown = both.show((Message("user", "why?"),), len, 100)
    assert shown.messages[-1].content == "second first why?"
    assert [passage.key for passage in shown.passages] == ["first", "second"]
    assert both.scoring([]) == [1.0, 10.0]  # type: ignore[arg-type,comparison-overlap]  # a list stands in
    with both.answering(None) as processors:  # type: ignore[arg-type]  # nothing listens
        scores = torch.zeros(1)
        for processor in processors:
            scores = processor(scores, scores)
    assert float(scores) == 11.0
    assert both.describe() == ("first", "second")
    both.save(tmp_path / "memory")
    assert sorted(path.name for path in (tmp_path / "memory").iterdir()) == ["0", "1"]


def test_a_model_s_prompt_holds_what_its_memory_shows(tiny_model: Model, both: Recalls) -> None:
    from dataclasses import replace

    model = replace(tiny_model, recall=both)
    asked = (Message("user", "why?"),)
    assert "second first why?" in model.chat.spell(model.prompt(asked))
    assert tiny_model.prompt(asked) == tiny_model.chat.encode_prompt(asked)
