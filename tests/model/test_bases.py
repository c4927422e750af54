from collections.abc import Mapping
from typing import Any

import pytest

from tunesmith.core.errors import BadRecipe
from tunesmith.model.bases import NONE, Bases, bundled_page
from tunesmith.recipe.page import parse

BASE: dict[str, Any] = {
    "architecture": "llama",
    "released": 2024,
    "parameters": 134515008,
    "layers": 30,
    "width": 576,
    "inner": 1536,
    "heads": 9,
    "kv_heads": 3,
    "vocabulary": 49152,
    "is_tied": True,
    "context": 8192,
}


def place(keys: tuple[str, ...]) -> str:
    return "mine.yaml:3"


def bundled() -> Bases:
    page = parse(*bundled_page())
    return NONE.with_others(page.content, page.place)


def with_base(**changes: Any) -> Bases:
    entry = {key: value for key, value in (BASE | changes).items() if value is not ...}
    return bundled().with_others({"bases": {"org/mine": entry}}, place)


def test_every_bundled_base_has_the_parameters_that_its_sizes_make() -> None:
    bases = bundled().bases
    assert len(bases) >= 60
    for base in bases.values():
        assert base.shape.parameters == pytest.approx(base.facts.parameters, rel=0.01), base.name
        assert base.shape.active <= base.shape.parameters


def test_the_families_that_people_ask_for_are_there() -> None:
    bases = bundled().bases.values()
    assert {base.shape.family for base in bases} == {"decoder", "encoder", "encoder-decoder"}
    named = " ".join(base.name for base in bases).lower()
    for word in (
        *("llama", "qwen", "mistral", "gemma", "phi", "smollm", "olmo", "gpt2", "pythia", "roberta", "t5"),
        *("deberta", "modernbert", "bart", "minilm", "mixtral", "olmoe", "moe"),
    ):
        assert word in named, word


def test_experts_make_a_base_larger_than_what_a_token_goes_through() -> None:
    mixtral = bundled().bases["mistralai/Mixtral-8x7B-v0.1"]
    assert mixtral.shape.active == pytest.approx(12.9e9, rel=0.01)


@pytest.mark.parametrize(
    ("licence", "is_permissive"), [("apache-2.0", True), ("mit", True), ("llama3.1", False), (None, False)]
)
def test_a_licence_that_is_not_known_is_not_permissive(licence: str | None, is_permissive: bool) -> None:
    assert with_base(licence=licence).bases["org/mine"].is_permissive == is_permissive


def test_an_entry_adds_a_base_or_takes_the_place_of_one() -> None:
    before = bundled()
    added = with_base()
    assert len(added.bases) == len(before.bases) + 1
    name = "HuggingFaceTB/SmolLM2-135M"
    replaced = before.with_others({"bases": {name: BASE | {"context": 100}}}, place)
    assert len(replaced.bases) == len(before.bases)
    assert replaced.bases[name].facts.context == 100
    kind = {"family": "decoder", "is_gated": True, "biases": "none"}
    content: Mapping[str, Any] = {
        "architectures": {"new": kind},
        "bases": {"org/new": BASE | {"architecture": "new"}},
    }
    assert before.with_others(content, place).bases["org/new"].architecture.vllm is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"contxt": 5}, "there is no such option. Did you mean 'context'"),
        ({"layers": "30"}, "org/mine.layers"),
        ({"layers": 0}, "org/mine.layers"),
        ({"context": ...}, "org/mine.context: Field required"),
        ({"architecture": "lama"}, "no architecture is called 'lama'"),
        (
            {"parameters": 150_000_000},
            "is said to have 150,000,000 parameters, but its sizes make about 134,515,008",
        ),
        ({"access": "maybe"}, "org/mine.access"),
    ],
)
def test_an_entry_that_is_wrong_is_refused_with_its_place(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(BadRecipe) as refused:
        with_base(**changes)
    assert str(refused.value).startswith("mine.yaml:3: ")
    assert said in str(refused.value)


@pytest.mark.parametrize("content", [{"base": {}}, {"bases": ["org/mine"]}, {"bases": {"org/mine": 5}}])
def test_what_is_no_catalogue_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises(BadRecipe, match=r"mine\.yaml:3"):
        bundled().with_others(content, place)
