"""What was annotated is read back row by row, at its own place; what is undecided is refused or said."""

import pytest

from annotation_projects import answered, labelled, pair, project, say, settings, text
from tunesmith.core.errors import BadData, BadOption
from tunesmith.core.example import BadRow, Example
from tunesmith.data.annotation.store import Store
from tunesmith.data.source.annotations import Annotations

RANKED = {"answers": ["In the post.", "Nowhere."], "order": [[1], [0]]}


@pytest.fixture
def place(tmp_path):
    """Give a project: 1 and 5 agreed, 2 a tie, 3 flagged, 4 skipped, 6 untouched."""
    store = project(tmp_path / "p.sqlite", map(text, range(6)))
    for task, opinions in {1: ("praise", "praise"), 2: ("praise", "complaint"), 5: ("question",)}.items():
        for person, label in zip(("ann", "bob"), opinions, strict=False):
            store.save(say(task, person, [label]), now=1.0)
    store.save(say(3, "ann", None, kind="flag", note="cut off"), now=1.0)
    store.save(say(4, "ann", None, kind="skip"), now=1.0)
    store.close()
    return tmp_path / "p.sqlite"


def test_it_gives_what_was_annotated_and_refuses_ties_and_flags_by_name(place):
    rows = list(Annotations(path=place).read())
    assert [(row.place.line, row.labels) for row in rows if isinstance(row, Example)] == [
        (2, ("praise",)),
        (6, ("question",)),
    ]
    assert [str(row).split(". ")[0] for row in rows if isinstance(row, BadRow)] == [
        "rows.csv:3 (byte 10): annotators disagree: ann: praise; bob: complaint",
        "rows.csv:4 (byte 20): flagged: ann: cut off",
    ]
    assert Annotations(path=place).gives() == "labels"


def test_rows_come_in_the_order_of_the_original_with_what_people_agreed_on(place):
    first, *_ = Annotations(path=place).read()
    assert isinstance(first, Example)
    assert first.place == text(0).place
    assert first.fields == {"annotators": 2, "agreement": 1.0}


def test_it_says_what_counts_and_what_does_not(place):
    said = Annotations(path=place).reads_as()
    assert "2 of 6 rows decided by policy majority" in said
    assert "2 with disagreement or a flag, 1 left out by people, 1 not annotated" in said


def test_one_annotator_can_be_taken_alone(place):
    rows = list(Annotations(path=place, policy="single", annotator="bob").read())
    assert [(row.place.line, row.labels) for row in rows if isinstance(row, Example)] == [
        (2, ("praise",)),
        (3, ("complaint",)),
    ]
    assert not [row for row in rows if isinstance(row, BadRow)]


@pytest.mark.parametrize("options", [{"policy": "single"}, {"annotator": "ann"}])
def test_an_annotator_is_named_with_policy_single_and_only_there(place, options):
    with pytest.raises(BadOption, match=r"data\.source\.annotator"):
        Annotations(path=place, **options).gives()


def test_the_fingerprint_follows_what_is_said_and_every_option(place):
    before = Annotations(path=place).fingerprint()
    assert Annotations(path=place).fingerprint() == before
    assert Annotations(path=place, policy="adjudicated").fingerprint() != before
    store = Store.create(place)
    store.save(say(6, "ann", ["praise"]), now=2.0)
    store.close()
    assert Annotations(path=place).fingerprint() != before


WORKS = {
    "answers": (answered(1), "corrected", "Lost.", "conversations", "Lost."),
    "ratings": (answered(1), "rating", 4, "ratings", "In the post."),
    "ranking": (pair(1), "ranking", RANKED, "pairs", "Nowhere."),
    "labels": (labelled(1, "praise"), "labels", ["complaint"], "labels", "complaint"),
}


@pytest.mark.parametrize("work", WORKS)
def test_every_kind_of_work_gives_its_kind_of_rows(tmp_path, work):
    row, kind, value, gives, read = WORKS[work]
    store = project(tmp_path / "p.sqlite", [row], settings(work))
    store.save(say(1, "ann", value, kind=kind), now=1.0)
    store.close()
    source = Annotations(path=tmp_path / "p.sqlite")
    (found,) = source.read()
    assert isinstance(found, Example)
    assert (source.gives(), found.reference, found.place) == (gives, read, row.place)
    assert found.value == (4.0 if work == "ratings" else None)
    assert [turn.content for turn in found.rejected] == (["In the post."] if work == "ranking" else [])


def test_a_project_without_annotations_says_what_to_do(tmp_path):
    project(tmp_path / "p.sqlite", [text(1)]).close()
    with pytest.raises(BadData, match=r"Nothing is annotated in .* yet"):
        list(Annotations(path=tmp_path / "p.sqlite").read())
    Store.create(tmp_path / "empty.sqlite").close()
    with pytest.raises(BadData, match="has no rows yet"):
        Annotations(path=tmp_path / "empty.sqlite").gives()
    with pytest.raises(BadData, match="There are no annotations at"):
        Annotations(path=tmp_path / "nowhere.sqlite").gives()
    assert not (tmp_path / "nowhere.sqlite").exists()


def test_it_reads_while_others_write(place):
    store = Store.create(place)
    reading = Annotations(path=place).read()
    next(reading)
    store.save(say(6, "ann", ["praise"]), now=2.0)
    assert len(list(reading)) == 3  # what it began with
    assert len(list(Annotations(path=place).read())) == 5
    store.close()
