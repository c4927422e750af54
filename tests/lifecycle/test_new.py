from pathlib import Path
from random import Random

import pytest

from tunesmith import recipe as recipes
from tunesmith.core.errors import BadBase, BadData, BadRecipe
from tunesmith.lifecycle.check import check
from tunesmith.lifecycle.new import draft, write


def story(number: int, words: int = 12) -> str:
    """Make up a text that is unlike those of other numbers."""
    random = Random(number)
    return " ".join("".join(random.choices("abcdefghij", k=5)) for _ in range(words)) + "."


ROWS = {
    "Our Answers.jsonl": "".join(
        f'{{"prompt": "Where is {n}?", "completion": "Here."}}\n' for n in range(30)
    ),
    "liked.jsonl": "".join(
        f'{{"prompt": "Where is {n}?", "chosen": "Here.", "rejected": "Who knows."}}\n' for n in range(30)
    ),
    "tickets.csv": "text,label\n" + "".join(f"where is {n},question\n" for n in range(30)),
    "stories.txt": "\n\n".join(map(story, range(30))),
    "stories.md": "\r\n\r\n".join(map(story, range(30))),
}
EXPECTED = {
    "Our Answers.jsonl": ("our-answers", "sft", ["rouge_l", "perplexity"], "conversations"),
    "liked.jsonl": ("liked", "sft", ["rouge_l", "perplexity"], "pairs"),
    "tickets.csv": ("tickets", "sft", ["exact_match", "perplexity"], "labels"),
    "stories.txt": ("stories", "text", ["perplexity"], "text"),
    "stories.md": ("stories", "text", ["perplexity"], "text"),
}


def put(folder: Path, name: str, text: str | None = None) -> Path:
    """Write a data file with its line ends as they are."""
    path = folder / name
    path.write_bytes((ROWS[name] if text is None else text).encode())
    return path


@pytest.mark.parametrize("name", ROWS)
def test_the_page_passes_the_check_at_once(name: str, tiny_folder: Path, tmp_path: Path) -> None:
    found = draft(put(tmp_path, name), str(tiny_folder))
    write(found, tmp_path / "recipe.yaml")
    recipe = recipes.read(tmp_path / "recipe.yaml")
    checked = check(recipe)
    assert recipe == found.recipe
    assert checked.ledger["rows_in"] == 30
    metrics = [metric.name for metric in recipe.evaluation.metrics]
    assert (recipe.name, recipe.objective.name, metrics, found.kind) == EXPECTED[name]
    assert [criterion.metric for criterion in recipe.success] == metrics[:1]
    assert recipe.success[0].gain_over_base is not None
    assert recipe.success[0].gain_over_base > 0


@pytest.mark.parametrize(
    ("column", "kind", "hint"),
    [
        ("rating", "ratings", "columns: {shape: prompt_completion}"),
        ("reference", "prompts", "columns: {completion: ...}"),
    ],
)
def test_data_that_no_objective_learns_from_is_refused_with_what_to_write(
    column: str, kind: str, hint: str, tmp_path: Path
) -> None:
    answer = '"completion": "c", "rating": 5' if column == "rating" else '"reference": "c"'
    data = put(tmp_path, "rows.jsonl", f'{{"prompt": "p", {answer}}}\n')
    with pytest.raises(BadData, match=f"No objective learns from {kind}") as caught:
        draft(data)
    assert hint in str(caught.value)
    assert str(caught.value).startswith(f"{data} is read so: JSONL with columns 'prompt'")


def test_the_page_says_how_the_data_was_understood_and_what_its_keys_mean(
    tiny_folder: Path, tmp_path: Path
) -> None:
    found = draft(put(tmp_path, "tickets.csv"), str(tiny_folder), "Sort tickets.")
    first, *others = found.page.splitlines()
    assert first == f"# The data: {found.reads_as}"
    assert "goal: Sort tickets.  # What the model should do better, in a sentence." in others


def test_the_page_points_at_the_goal_unless_it_was_given(tmp_path: Path) -> None:
    hint = "# Fill in: `goal`, in your own words; it stands in the report."
    data = put(tmp_path, "tickets.csv")
    assert hint in draft(data).page.splitlines()
    assert hint not in draft(data, goal="Sort tickets.").page.splitlines()


def test_without_a_base_it_is_the_recipe_s_default(tmp_path: Path) -> None:
    found = draft(put(tmp_path, "tickets.csv"))
    assert found.recipe.base == recipes.read_text(found.page).base == "tiny"


def test_windows_of_text_fit_the_base(tiny_folder: Path, tmp_path: Path) -> None:
    text = "\n\n".join((story(1, words=300), story(2, words=300), "Short."))
    found = draft(put(tmp_path, "stories.txt", text), str(tiny_folder))
    assert found.recipe.objective.options == {"window": 256}
    assert check(found.recipe).ledger["splits"]["train"]["tokens_truncated"] == 0


def test_a_base_from_a_hub_is_not_fetched(tmp_path: Path) -> None:
    found = draft(put(tmp_path, "stories.txt"), "an-org/a-model")
    assert (found.recipe.base, found.recipe.objective.options) == ("an-org/a-model", {})


@pytest.mark.parametrize("text", ["One story.", "\n\nOne story.\n\n"])
def test_one_document_alone_holds_nothing_out_and_says_so(
    text: str, tiny_folder: Path, tmp_path: Path
) -> None:
    found = draft(put(tmp_path, "story.txt", text), str(tiny_folder))
    assert "only one document" in found.notes[0]
    assert f"# {found.notes[0]}" in found.page
    assert found.recipe.success == ()
    assert check(found.recipe).ledger["splits"]["train"]["rows"] == 1


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("Größe_2.txt", "grosse-2"),
        ("Cafe\u0301 Noël.txt", "cafe-noel"),
        ("\uff29\uff11\ufb01x \u0130st.txt", "i1fix-ist"),
        ("日本.txt", "model"),
        ("--.txt", "model"),
        ("a" * 80 + ".txt", "a" * 63),
        ("a" * 62 + " b.txt", "a" * 62),
    ],
)
def test_any_file_name_becomes_a_name_for_runs(
    file: str, name: str, tiny_folder: Path, tmp_path: Path
) -> None:
    assert draft(put(tmp_path, file, "a\n\nb"), str(tiny_folder)).recipe.name == name


def test_an_existing_file_is_never_overwritten(tiny_folder: Path, tmp_path: Path) -> None:
    found = draft(put(tmp_path, "tickets.csv"), str(tiny_folder))
    page = tmp_path / "recipe.yaml"
    page.write_text("mine")
    with pytest.raises(BadRecipe, match="exists already, and nothing is overwritten"):
        write(found, page)
    assert page.read_text() == "mine"


def test_a_page_in_a_folder_that_is_not_there_is_refused(tiny_folder: Path, tmp_path: Path) -> None:
    found = draft(put(tmp_path, "tickets.csv"), str(tiny_folder))
    with pytest.raises(BadRecipe, match="cannot be written: No such file"):
        write(found, tmp_path / "nowhere" / "recipe.yaml")


@pytest.mark.parametrize("name", ["gone.jsonl", "gone.txt", "data.parquet"])
def test_data_that_cannot_be_read_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadData, match=name):
        draft(tmp_path / name)


def test_a_base_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadBase, match="There is no base"):
        draft(put(tmp_path, "tickets.csv"), str(tmp_path / "nowhere"))
