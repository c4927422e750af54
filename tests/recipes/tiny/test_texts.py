"""What is cleaned, and what is marked as not to be used."""

from pathlib import Path

import texts


def test_every_collection_is_read_and_names_its_licence(texts_folder: Path) -> None:
    counts = {found.name: len(list(found.read(texts_folder / found.name))) for found in texts.COLLECTIONS}
    assert counts == {
        "tinystories_2mb": 101,
        "gsm8k": 60,
        "rust_book": 3,
        "medquad": 83,
        "banking77": 50,
        "self_instruct": 2,
    }
    assert all(found.licence and found.link.startswith("https://") for found in texts.COLLECTIONS)


def test_documents_know_the_collection_they_came_from(texts_folder: Path) -> None:
    for found in texts.COLLECTIONS:
        assert {document.source for document in found.read(texts_folder / found.name)} == {found.name}


def test_tidy_makes_quotes_spaces_and_line_ends_plain() -> None:
    assert (
        texts.tidy("\u201cYes,\u201d\u00a0she said\u2026 \r\n\n\n\nIt\u2019s  \u2212 4\n")
        == '"Yes," she said...\n\nIt\'s  - 4'
    )


def test_only_the_last_story_is_marked_as_cut(texts_folder: Path) -> None:
    flaws = [document.flaw for document in texts.stories(texts_folder / "tinystories_2mb")]
    assert flaws == [""] * 100 + ["cut off at the end"]


def test_word_problems_lose_the_calculator_marks_and_end_in_the_result(texts_folder: Path) -> None:
    document = next(texts.word_problems(texts_folder / "gsm8k"))
    assert document.prompt == "A shop has 0 red caps and 2 blue caps. How many caps are there?"
    assert document.answer == "There are 0 + 2 = 2 caps.\nThe answer is 2."


def test_flattened_lists_get_their_lines_back(texts_folder: Path) -> None:
    document = next(texts.medical_answers(texts_folder / "medquad"))
    assert document.prompt == "What is Malady 0?"
    assert document.answer.endswith("which include\n- Heat\n- Cold\n- Dust in the air.")


def test_tables_of_signs_are_marked(texts_folder: Path) -> None:
    flaws = [document.flaw for document in texts.medical_answers(texts_folder / "medquad")]
    assert flaws.count("table of signs") == 1
    assert flaws.count("") == 82


def test_chapters_lose_links_and_missing_listings_but_keep_code(texts_folder: Path) -> None:
    contents, first, _ = texts.book_chapters(texts_folder / "rust_book")
    assert contents.flaw == "table of contents"
    assert first.text == "## First\n\nThis line is wrapped, see the end.\n\n```rust\nfn main() {}\n```"


def test_unsuitable_tasks_are_marked(texts_folder: Path) -> None:
    good, bad = texts.seed_tasks(texts_folder / "self_instruct")
    assert (good.prompt, good.answer, good.flaw) == ("Give the opposite.\nup", "down", "")
    assert bad.flaw == "unsuitable subject"
