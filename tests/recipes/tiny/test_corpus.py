"""Every document ends up in exactly one place, and the same files give the same bytes."""

import json
from pathlib import Path

import corpus
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import Built
from texts import COLLECTIONS


def test_the_same_texts_give_the_same_bytes(built: Built, tmp_path: Path) -> None:
    corpus.main(["--texts", str(built.texts), "--out", str(tmp_path)])
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["heldout.jsonl", "instruct.jsonl", "pretrain.jsonl", "sources.json"]
    for name in names:
        assert (tmp_path / name).read_bytes() == (built.data / name).read_bytes()


def test_no_held_out_text_is_trained_on(built: Built) -> None:
    trained = built.data.joinpath("pretrain.jsonl").read_text(encoding="utf-8")
    trained += built.data.joinpath("instruct.jsonl").read_text(encoding="utf-8")
    held_out = built.rows("heldout.jsonl")
    assert held_out
    for row in held_out:
        assert json.dumps(row["text"], ensure_ascii=False)[1:-1] not in trained


def test_every_document_and_byte_is_accounted_for(built: Built) -> None:
    sources = json.loads((built.data / "sources.json").read_text(encoding="utf-8"))["sources"]
    assert set(sources) == {found.name for found in COLLECTIONS}
    for found in sources.values():
        ends = [found["pretrain"], found["held_out"], found["instruct_only"], *found["left_out"].values()]
        for unit in ("documents", "bytes"):
            assert sum(end[unit] for end in ends) == found["came_in"][unit]


def test_a_long_answer_given_twice_is_used_once(built: Built) -> None:
    sources = json.loads((built.data / "sources.json").read_text(encoding="utf-8"))["sources"]
    assert sources["medquad"]["left_out"]["duplicate"]["documents"] == 1


def test_only_stories_are_repeated(built: Built) -> None:
    rows = [row["text"] for row in built.rows("pretrain.jsonl")]
    counts = {text: rows.count(text) for text in rows}
    assert {count for text, count in counts.items() if text.startswith("One day,")} == {2}
    assert {count for text, count in counts.items() if not text.startswith("One day,")} == {1}


def test_held_out_depends_on_the_group_alone() -> None:
    document = corpus.Document("medquad", "One answer.", "One question?", group="a malady")
    other = corpus.Document("medquad", "Another answer.", "Another question?", group="a malady")
    assert corpus.is_held_out(document) == corpus.is_held_out(other)


def test_about_the_stated_share_is_held_out() -> None:
    documents = [corpus.Document("x", f"text {n}") for n in range(4_000)]
    assert 70 <= sum(map(corpus.is_held_out, documents)) <= 130


def test_texts_are_cut_at_headings_first() -> None:
    text = "## One\n\n" + "word " * 50 + "\n\n## Two\n\n" + "word " * 50
    first, second = corpus.pieces(text, 70)
    assert first.startswith("## One")
    assert second.startswith("## Two")


@settings(deadline=None)
@given(st.text(min_size=1), st.integers(min_value=1, max_value=20))
def test_pieces_lose_nothing_but_spaces_and_are_never_too_long(text: str, limit: int) -> None:
    found = corpus.pieces(text, limit)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(corpus.guess_tokens(piece) <= limit for piece in found)
