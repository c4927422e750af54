import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from trained_models import SECRET, facts_of_a_run
from tunesmith.core.cards import Model
from tunesmith.export.card import write_card


def front_matter(card: str) -> dict[str, object]:
    return yaml.safe_load(card.split("---\n")[1])


@pytest.fixture
def from_hub(tiny_model: Model, tmp_path: Path) -> Model:
    """Give a model whose base lies in a hub's cache."""
    cached = tmp_path / "models--org--name" / "snapshots" / "0123abc"
    return replace(tiny_model, name="org/name", folder=cached, licence="apache-2.0")


def test_the_head_of_the_card_is_what_the_hub_reads(from_hub: Model) -> None:
    assert front_matter(write_card(from_hub, facts_of_a_run(), "adapter", "demo")) == {
        "license": "apache-2.0",
        "base_model": "org/name",
        "base_model_relation": "adapter",
        "library_name": "peft",
        "pipeline_tag": "text-generation",
        "tags": ["tunesmith", "lora", "sft"],
    }


def test_a_local_base_is_not_given_out_as_a_hub_id(tiny_model: Model) -> None:
    head = front_matter(write_card(tiny_model, facts_of_a_run(), "weights", "demo"))
    assert "base_model" not in head
    assert (head["license"], head["license_name"]) == ("other", "not stated by the base")
    assert head["library_name"] == "transformers"


def test_the_card_says_purpose_verdict_numbers_and_risks(tiny_model: Model) -> None:
    card = write_card(tiny_model, facts_of_a_run(), "adapter", "demo")
    for words in (
        "Answer in our voice.",
        "**Verdict: promote.** All criteria are met.",
        "| rouge_l (version 1) | higher is better | 0.5 [0.4, 0.6] |",
        "- rouge_l at least 0.4: **met**, at 0.5 [0.4, 0.6]",
        "- Only 20 rows.",
        "| train | 8 | 50 | 30 | 0 |",
        "- left out, too long: 2 rows, 20 tokens",
        "- A note.",
        "tunesmith chat demo",
        "- seed: 7",
        "made on 2026-01-02 with tunesmith 0.1.0, torch 2.13",
        "## Limits and risks",
    ):
        assert words in card
    assert SECRET not in card


def test_a_model_that_was_not_evaluated_says_so(tiny_model: Model) -> None:
    card = write_card(tiny_model, replace(facts_of_a_run(), report=None), "weights", "demo")
    assert "It was not evaluated" in card
    assert "Verdict" not in card


def test_the_snippet_pins_the_exact_base(from_hub: Model) -> None:
    card = write_card(from_hub, facts_of_a_run(), "adapter", "demo")
    assert "from_pretrained('org/name', revision='0123abc')" in card


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")  # peft asks by an old name
@pytest.mark.parametrize("kind", ["adapter", "weights"])
def test_the_snippet_of_the_card_runs(
    kind: str, packages: dict[str, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    card = (packages[kind] / "README.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    monkeypatch.chdir(packages[kind])
    names: dict[str, object] = {}
    exec(snippet, names)
    assert names["answer"].shape[1] > names["prompt"]["input_ids"].shape[1]  # type: ignore[index,union-attr]
    assert capsys.readouterr().out.endswith("\n")
