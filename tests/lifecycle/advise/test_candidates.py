from dataclasses import replace
from pathlib import Path

import pytest

from small_runs import read_recipe
from tunesmith.core.contracts import Objective
from tunesmith.lifecycle.advise.candidates import Candidate, others, own, work
from tunesmith.lifecycle.advise.known_bases import known_bases
from tunesmith.lifecycle.assemble import Prepared, prepare_recipe
from tunesmith.model.weights import stored_type
from tunesmith.objective.classify import Classify
from tunesmith.objective.mask import Mask
from tunesmith.objective.sft import SFT


@pytest.fixture(autouse=True)
def no_catalogue_of_one_s_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture(scope="module")
def prepared(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare_recipe(read_recipe(tmp_path_factory.mktemp("recipe"), tiny_folder))


def test_the_recipe_s_own_base_is_read_from_its_folder(prepared: Prepared) -> None:
    found = own(prepared, known_bases())
    assert isinstance(found, Candidate)
    assert found.is_own
    assert found.shape.parameters == stored_type(prepared.base)[1]
    assert found.stored == "float32"
    assert found.architecture is not None
    assert found.architecture.vllm
    assert (found.licence, found.released, found.is_gated, found.has_template) == (
        "not known",
        None,
        False,
        False,
    )


def test_what_is_left_out_has_its_reason(prepared: Prepared) -> None:
    kept, left_out = others(prepared, known_bases(), "permissive")
    assert {one.name for one in kept} | left_out.keys() == known_bases().bases.keys()
    assert "an encoder" in left_out["FacebookAI/roberta-base"]
    assert left_out["google/gemma-2-2b"] == "its licence is not permissive (gemma)"
    assert all(one.base is not None and one.base.is_permissive for one in kept)
    any_licence, _ = others(prepared, known_bases(), "any")
    assert len(any_licence) > len(kept)
    assert any(one.is_gated for one in any_licence)


def test_rows_that_are_too_long_for_a_context_leave_a_base_out(prepared: Prepared, tmp_path: Path) -> None:
    longest = work(prepared).longest
    file = tmp_path / "mine.yaml"
    entry = (
        "{architecture: llama, released: 2024, parameters: 134515008, layers: 30, width: 576, inner: 1536, "
    )
    entry += "heads: 9, kv_heads: 3, vocabulary: 49152, is_tied: true, licence: mit, context: 3}"
    file.write_text(f"bases: {{a/b: {entry}}}")
    _, left_out = others(prepared, known_bases(file), "permissive")
    assert "do not fit into its context (3)" in left_out["a/b"]
    assert longest > 3


def test_a_tokenizer_with_many_words_needs_fewer_tokens(prepared: Prepared) -> None:
    kept, _ = others(prepared, known_bases(), "permissive")
    mine = work(prepared)
    assert {one.work.tokens for one in kept} == {kept[0].work.tokens}
    assert kept[0].work.tokens < 0.8 * mine.tokens  # the tiny tokenizer knows 300 pieces of words


@pytest.mark.parametrize(
    ("objective", "families"),
    [
        (SFT(), {"decoder", "encoder-decoder"}),
        (Mask(), {"encoder"}),
        (Classify(), {"decoder", "encoder", "encoder-decoder"}),
    ],
)
def test_a_base_must_be_of_a_family_that_the_objective_fits(
    prepared: Prepared, objective: Objective, families: set[str]
) -> None:
    asking = replace(prepared, parts=replace(prepared.parts, objective=objective))
    kept, left_out = others(asking, known_bases(), "any")
    assert {candidate.shape.family for candidate in kept} <= families
    assert any(reason.startswith("the task asks for") for reason in left_out.values()) == (len(families) < 3)
