from pathlib import Path

import pytest

from tunesmith.core.errors import BadRecipe
from tunesmith.lifecycle.advise.known_bases import known_bases, own_file

ENTRY = """
bases:
  {name}: {{architecture: llama, released: 2024, parameters: 134515008, layers: 30, width: 576, inner: 1536,
    heads: 9, kv_heads: 3, vocabulary: 49152, is_tied: true, context: {context}}}
"""


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def test_without_files_there_is_the_bundled_catalogue() -> None:
    assert len(known_bases().bases) >= 60


def test_a_file_that_was_asked_for_counts_more_than_the_user_s_own_and_that_more_than_the_bundled(
    tmp_path: Path,
) -> None:
    own_file().parent.mkdir(parents=True)
    own_file().write_text(
        ENTRY.format(name="HuggingFaceTB/SmolLM2-135M", context=11) + ENTRY.format(name="a/b", context=12)[8:]
    )
    asked = tmp_path / "asked.yaml"
    asked.write_text(ENTRY.format(name="a/b", context=13))
    assert own_file().parent.parent == tmp_path / "config"
    alone, both = known_bases().bases, known_bases(asked).bases
    assert alone["HuggingFaceTB/SmolLM2-135M"].facts.context == 11
    assert (alone["a/b"].facts.context, both["a/b"].facts.context) == (12, 13)


def test_an_empty_file_adds_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("\n")
    assert known_bases(tmp_path / "empty.yaml") == known_bases()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ENTRY.format(name="a/b", context="long"), r"bases\.yaml:3: a/b\.context"),
        (ENTRY.format(name="a/b", context=5) + "\nbases: {}", "bases is given twice"),
        ("- a", "a list|mapping|key: value"),
        ("bases: &x {}", "anchors"),
    ],
)
def test_a_file_is_checked_strictly_and_faults_have_a_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "bases.yaml"
    file.write_text(text)
    with pytest.raises(BadRecipe, match=said):
        known_bases(file)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadRecipe, match="cannot be read as a catalogue of bases"):
        known_bases(tmp_path / "none.yaml")
