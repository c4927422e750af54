"""What reading says of malformed files, word by word; and what odd but valid ones hold."""

import pytest

from corpus_files import Case, cases, outcome

MALFORMED, VALID = cases("malformed.txt"), cases("valid.txt")


def test_the_corpus_is_complete() -> None:
    assert len(MALFORMED) >= 155
    assert len(VALID) >= 61
    titles = [case.title for case in (*MALFORMED, *VALID)]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("case", [*MALFORMED, *VALID], ids=lambda case: case.title)
def test_reading_gives_what_the_corpus_says(
    case: Case, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(str(tmp_path))
    assert "\n".join(outcome(case)) == "\n".join(case.gives)


@pytest.mark.parametrize("case", MALFORMED, ids=lambda case: case.title)
def test_what_is_said_of_a_malformed_file_is_one_printable_line_that_ends(case: Case) -> None:
    said = [line for line in case.gives if not line.startswith(f"{case.name}:") or "): user " not in line]
    assert said
    for line in said:
        assert line.isprintable()
        assert line.endswith(".") or line.endswith("'")


@pytest.mark.parametrize("case", VALID, ids=lambda case: case.title)
def test_nothing_valid_is_refused(case: Case) -> None:
    assert case.gives
    assert not any("Error" in line or "BadData" in line for line in case.gives)
    assert all(": user " in line or ": system " in line or ": text " in line for line in case.gives)
