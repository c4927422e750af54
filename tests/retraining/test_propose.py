"""The next recipe learns all rows from before and each corrected conversation once, the latest correction."""

from pathlib import Path

import pytest

from tunesmith import recipe as recipes
from tunesmith.core.errors import BadData
from tunesmith.core.example import Example, Message, Place
from tunesmith.core.recipe import Data, Recipe, Selection
from tunesmith.core.service import Trace
from tunesmith.data.source.jsonl import Jsonl
from tunesmith.data.split import key_of
from tunesmith.retraining.propose import Proposal, propose


def recipe(name: str = "shop") -> Recipe:
    source = Selection.model_validate({"name": "csv", "path": "old.csv", "prompt": "question"})
    success = ({"metric": "perplexity", "gain_over_base": 0.1},)
    return Recipe.model_validate(
        {"name": name, "goal": "Be kind.", "success": success, "data": Data(source=source), "seed": 11}
    )


def example(question: str, answer: str, *before: Message) -> Example:
    return Example(Place("old.csv", 1, 0), (*before, Message("user", question), Message("assistant", answer)))


def trace(question: str, correction: str | None, *before: Message) -> Trace:
    turns = (*before, Message("user", question))
    return Trace(question, 1.0, "tiny", turns, "Hm.", 5, 2, 0.25, correction)


def read(proposal: Proposal, path: Path) -> list[Example]:
    path.write_text("\n".join(proposal.rows), encoding="utf-8")
    rows = list(Jsonl(path=path).read())
    assert all(isinstance(row, Example) for row in rows), rows
    return rows  # type: ignore[return-value]  # asserted above


EXAMPLES = (
    example("Where?", "Here."),
    example("When?", "Now €.", Message("system", "Be brief.")),
    example("And?", "That is all.", Message("user", "Why?"), Message("assistant", "Because.", weight=0.0)),
)


def test_all_rows_from_before_come_back_and_the_corrections_join_them(tmp_path: Path) -> None:
    path = tmp_path / "corrections.jsonl"
    traces = [trace("How?", "Like this."), trace("Who?", None)]
    proposal = propose(recipe(), "shop-run-1", EXAMPLES, traces, path)
    rows = read(proposal, path)
    assert [row.messages for row in rows[:3]] == [one.messages for one in EXAMPLES]
    assert [key_of(row) for row in rows[:3]] == [key_of(one) for one in EXAMPLES]
    assert rows[3].messages == (Message("user", "How?"), Message("assistant", "Like this."))
    assert len(rows) == 4
    assert proposal.corrections == 1
    assert proposal.notes == ("1 corrected or confirmed answers join 3 rows of shop-run-1.",)


def test_the_recipe_changes_in_name_parent_and_source_alone(tmp_path: Path) -> None:
    path = tmp_path / "corrections.jsonl"
    following = propose(recipe(), "shop-run-1", EXAMPLES, [trace("How?", "So.")], path).recipe
    assert (following.name, following.parent) == ("shop-2", "shop-run-1")
    assert following.data.source == Selection.model_validate({"name": "jsonl", "path": str(path)})
    restored = following.model_dump() | {"name": "shop", "parent": None}
    restored["data"]["source"] = recipe().data.source.model_dump()
    assert restored == recipe().model_dump()
    assert recipes.read_text(recipes.write(following)) == following


@pytest.mark.parametrize(
    ("name", "following"),
    [
        ("shop", "shop-2"),
        ("shop-2", "shop-3"),
        ("shop-9", "shop-10"),
        ("a" * 63, "a" * 61 + "-2"),
        ("7", "7-2"),
    ],
)
def test_names_count_up_and_stay_valid(name: str, following: str) -> None:
    found = propose(recipe(name), "run", EXAMPLES, [trace("How?", "So.")], Path("next.jsonl"))
    assert found.recipe.name == following


def test_the_later_of_two_corrections_counts_and_it_is_said(tmp_path: Path) -> None:
    path = tmp_path / "corrections.jsonl"
    traces = [trace("How?", "First."), trace("What?", "That."), trace("How?", "Second.")]
    proposal = propose(recipe(), "run", [], traces, path)
    assert [row.reference for row in read(proposal, path)] == ["Second.", "That."]
    assert "1 corrections left out: a later one is for the same conversation." in proposal.notes


def test_a_correction_takes_the_place_of_rows_with_its_prompt_and_it_is_said(tmp_path: Path) -> None:
    path = tmp_path / "corrections.jsonl"
    twice = [*EXAMPLES, example("Where?", "Elsewhere.")]
    proposal = propose(recipe(), "run", twice, [trace("Where?", "Over there.")], path)
    assert [row.reference for row in read(proposal, path)] == ["Now €.", "That is all.", "Over there."]
    assert "2 rows of run left out: a correction has the same prompt." in proposal.notes


def test_the_model_s_own_earlier_answers_are_read_but_not_learned(tmp_path: Path) -> None:
    path = tmp_path / "corrections.jsonl"
    before = Message("user", "Hi"), Message("assistant", "An answer nobody checked.")
    (row,) = read(propose(recipe(), "run", [], [trace("And?", "Yes.", *before)], path), path)
    assert [turn.weight for turn in row.messages if turn.role == "assistant"] == [0.0, 1.0]


def test_corrections_that_cannot_be_trained_on_are_left_out_and_it_is_said(tmp_path: Path) -> None:
    path = tmp_path / "corrections.jsonl"
    traces = [
        trace("Two questions?", "So.", Message("user", "One?")),
        trace("Late system?", "So.", Message("user", "One?"), Message("system", "Be brief.")),
        trace(" ", "So."),
        trace("Empty?", " "),
        trace("NUL?", "\0"),
        trace("Fine?", "Yes."),
    ]
    proposal = propose(recipe(), "run", EXAMPLES, traces, path)
    assert proposal.corrections == 1
    assert len(read(proposal, path)) == 4
    assert "5 corrections left out: their turns cannot be trained on." in proposal.notes


def test_without_corrections_nothing_is_proposed() -> None:
    with pytest.raises(BadData, match="None of 1 traces has a correction to learn from"):
        propose(recipe(), "run", EXAMPLES, [trace("How?", None)], Path("next.jsonl"))


def test_raw_text_and_corrections_do_not_mix() -> None:
    rows = [Example(Place("old.txt", 1, 0), text="Once upon a time.")]
    with pytest.raises(BadData, match="raw text"):
        propose(recipe(), "run", rows, [trace("How?", "So.")], Path("next.jsonl"))
