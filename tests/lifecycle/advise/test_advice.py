from dataclasses import replace
from pathlib import Path

import pytest

from small_runs import read_recipe
from tunesmith.lifecycle.advise.advice import JUDGED, Advice, advise, hours, judge, this_machine
from tunesmith.lifecycle.advise.estimate import Machine
from tunesmith.lifecycle.advise.known_bases import known_bases
from tunesmith.lifecycle.assemble import Prepared, prepare_recipe
from tunesmith.lifecycle.doctor.ceilings import Ceilings

CEILINGS = Ceilings("cpu", {"float32": 200.0, "bfloat16": 900.0}, 30.0)
ORDINARY = Machine(14e9, "bfloat16", CEILINGS)


@pytest.fixture(autouse=True)
def no_catalogue_of_one_s_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture(scope="module")
def prepared(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare_recipe(read_recipe(tmp_path_factory.mktemp("recipe"), tiny_folder))


def on(prepared: Prepared, machine: Machine = ORDINARY) -> Advice:
    return advise(prepared, known_bases(), machine=machine)


def test_every_base_is_judged_with_a_method_of_each_kind_or_left_out_with_a_reason(
    prepared: Prepared,
) -> None:
    found = on(prepared)
    judged = {choice.base for choice in found.choices}
    assert prepared.recipe.base in judged
    assert judged | found.left_out.keys() == known_bases().bases.keys() | {prepared.recipe.base}
    assert {choice.method for choice in found.choices} <= {*JUDGED, "lora"}
    assert {"full", "lora"} <= {choice.method for choice in found.choices}
    assert all(choice.hours > 0 for choice in found.choices)


def test_what_fits_takes_less_than_there_is_and_the_rest_is_left_out_with_what_it_needs(
    prepared: Prepared,
) -> None:
    found = on(prepared)
    fitting = {choice.base for choice in found.choices if choice.estimate.fits}
    assert all(
        choice.estimate.peak <= ORDINARY.room * 1.01 + 450e6
        for choice in found.choices
        if choice.estimate.fits
    )
    large = "mistralai/Mixtral-8x7B-v0.1"
    assert large not in fitting
    assert found.left_out[large].startswith("it needs at least ")
    assert large in {
        choice.base for choice in on(prepared, replace(ORDINARY, room=1e13)).choices if choice.estimate.fits
    }


def test_a_larger_base_is_recommended_on_a_larger_machine(prepared: Prepared) -> None:
    sizes: list[int] = []
    for room in (2e9, 14e9, 1e12):
        found = on(prepared, replace(ORDINARY, room=room))
        assert found.recommended is not None
        assert found.recommended.estimate.fits
        assert found.recommended.hours <= 12
        assert found.recommended.base in found.why
        (shape,) = [one.shape for one in found.candidates if one.name == found.recommended.base]
        sizes.append(shape.active)
    assert sizes[0] < sizes[1] <= sizes[2]


def test_a_slow_machine_is_given_what_it_can_train_in_a_night(prepared: Prepared) -> None:
    quick, slow = (
        on(
            prepared,
            replace(ORDINARY, ceilings=Ceilings("cpu", {"float32": speed, "bfloat16": speed}, speed / 7)),
        )
        for speed in (200.0, 0.02)
    )
    assert quick.recommended is not None
    assert slow.recommended is not None
    assert slow.recommended.base != quick.recommended.base


def test_where_nothing_fits_nothing_is_recommended(prepared: Prepared) -> None:
    found = on(prepared, replace(ORDINARY, room=1.0))
    assert found.recommended is None
    assert "Nothing fits" in found.why
    assert prepared.recipe.base in found.left_out


def test_only_ordinary_adapters_are_served_by_other_engines(prepared: Prepared) -> None:
    served = {(choice.base, choice.method): choice.adapter_served_by for choice in on(prepared).choices}
    assert served["HuggingFaceTB/SmolLM2-135M", "lora"] == ("tunesmith", "transformers", "vllm", "sglang")
    assert served["openai-community/gpt2", "lora"] == ("tunesmith", "transformers")
    assert served["openai-community/gpt2", "full"] == ()


def test_an_adapter_that_other_engines_do_not_know_is_served_by_fewer(
    tiny_folder: Path, tmp_path: Path
) -> None:
    prepared = prepare_recipe(read_recipe(tmp_path, tiny_folder, "method=dora"))
    served = {(choice.base, choice.method): choice.adapter_served_by for choice in on(prepared).choices}
    assert served["HuggingFaceTB/SmolLM2-135M", "dora"] == ("tunesmith", "transformers")
    assert served["HuggingFaceTB/SmolLM2-135M", "lora"][2:] == ("vllm", "sglang")


def test_the_recipe_s_own_method_is_judged_with_its_options(tiny_folder: Path, tmp_path: Path) -> None:
    learns = [
        {
            choice.base: choice.learns
            for choice in on(prepare_recipe(read_recipe(tmp_path, tiny_folder, change))).choices
            if choice.method == "lora"
        }["openai-community/gpt2"]
        for change in ("method.rank=4", "method.rank=8")
    ]
    assert learns[1] == 2 * learns[0]


def test_a_recipe_that_fits_is_judged_in_a_sentence(prepared: Prepared) -> None:
    found = judge(prepared, ORDINARY)
    assert found.fits
    assert found.choice is not None
    assert found.sentence.startswith("It fits: about 0.")
    assert found.sentence.endswith("min of training.")


def test_a_recipe_that_does_not_fit_is_told_what_it_needs(prepared: Prepared) -> None:
    found = judge(prepared, replace(ORDINARY, room=1e6))
    assert found.fits is False
    assert "It does not fit: lora on " in found.sentence
    assert found.sentence.endswith("See what does: tunesmith advise.")


def test_a_method_that_is_not_known_is_not_judged(tiny_folder: Path, tmp_path: Path) -> None:
    recipe = read_recipe(tmp_path, tiny_folder)
    selection = recipe.method.model_validate({"name": "freeze", "layers": ["norm"]})
    prepared = prepare_recipe(recipe.model_copy(update={"method": selection}))
    found = judge(prepared, ORDINARY)
    assert (found.fits, found.choice) == (None, None)
    assert found.sentence == "Memory and time of method freeze cannot be estimated."


def test_a_machine_can_be_thought_of(prepared: Prepared) -> None:
    assert this_machine(16e9).room == pytest.approx(16e9 * 0.85 - 450e6)
    assert this_machine().room > 0


@pytest.mark.parametrize(
    ("count", "said"),
    [(0.001, "1 min"), (0.5, "30 min"), (1.25, "1.2 h"), (47.0, "47.0 h"), (100.0, "4 days")],
)
def test_hours_are_written_so_that_they_can_be_grasped(count: float, said: str) -> None:
    assert hours(count) == said
