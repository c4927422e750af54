import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from finished_run import FinishedRun
from small_runs import write_rows
from tunesmith.core.cards import Decoding, Encoded, Model
from tunesmith.core.errors import BadBase, BadData, BadOption, BadRecipe, DamagedFile, UnknownName
from tunesmith.core.example import Example, Message, Place
from tunesmith.core.task import LANGUAGE
from tunesmith.lifecycle.evaluate import evaluate
from tunesmith.lifecycle.loaded import load
from tunesmith.model.load import load as load_model
from tunesmith.objective.text import Text


def perplexity(model: Model, rows: list[tuple[str, str]]) -> float:
    """Compute it plainly: all nats over all tokens."""
    turns = [(Message("user", prompt), Message("assistant", answer)) for prompt, answer in rows]
    return perplexity_of(model, [part for one in turns for part in model.chat.encode_conversation(one)])


def perplexity_of(model: Model, sequences: list[Encoded]) -> float:
    """Compute it as transformers does it, one sequence at a time."""
    nats = tokens = 0.0
    for sequence in sequences:
        ids, weights = torch.tensor([sequence.ids]).long(), torch.tensor(sequence.weights)
        with torch.no_grad():
            logprobs = model.network(input_ids=ids).logits[0, :-1].log_softmax(-1)
        nats -= float((logprobs.gather(1, ids[0, 1:, None])[:, 0] * weights[1:]).sum())
        tokens += float(weights.sum())
    return math.exp(nats / tokens)


def test_both_models_are_measured_on_the_same_new_rows(
    finished_run: FinishedRun, tiny_folder: Path, tmp_path: Path
) -> None:
    rows = [(f"Is parcel {n} here?", f"Parcel {n} is here.") for n in range(6)]
    data = tmp_path / "new.jsonl"
    data.write_text("".join(json.dumps({"prompt": p, "completion": a}) + "\n" for p, a in rows))
    report = evaluate(finished_run.package, data, ["perplexity"])
    (result,) = report.metrics
    assert report.rows == 6
    assert result.base.value == pytest.approx(perplexity(load_model("base", tiny_folder), rows), rel=1e-5)
    assert result.tuned.value == pytest.approx(perplexity(load(finished_run.package).model, rows), rel=1e-5)
    assert result.tuned.value < result.base.value
    assert report.verdict == "not enough data to tell"


def test_raw_text_is_measured_by_its_likelihood(finished_run: FinishedRun, tmp_path: Path) -> None:
    data = tmp_path / "new.txt"
    data.write_text("The kettle boils water.")
    (result,) = evaluate(finished_run.package, data, ["perplexity"]).metrics
    assert result.tuned.value > 1


def test_answers_are_not_asked_of_raw_text(finished_run: FinishedRun, tmp_path: Path) -> None:
    data = tmp_path / "new.txt"
    data.write_text("The kettle boils water.")
    with pytest.raises(BadRecipe, match="rouge_l score answers, but raw text has none"):
        evaluate(finished_run.package, data, ["perplexity", "rouge_l"])


def test_what_is_not_asked_for_is_as_in_the_run(finished_run: FinishedRun, tmp_path: Path) -> None:
    report = evaluate(finished_run.package, write_rows(tmp_path / "new.jsonl", 5))
    assert [result.metric for result in report.metrics] == ["rouge_l", "perplexity"]
    assert finished_run.folder.recipe.evaluation.max_tokens == 8
    model = load(finished_run.package)
    for sample in report.samples:
        assert sample.tuned == model.generate(sample.prompt, Decoding(max_tokens=8))
        assert sample.tuned != model.generate(sample.prompt, Decoding(max_tokens=9))
    assert len(report.samples) == 5


def test_what_is_asked_for_counts(finished_run: FinishedRun, tmp_path: Path) -> None:
    data = write_rows(tmp_path / "new.jsonl", 5)
    report = evaluate(finished_run.package, data, ["rouge_l"], max_rows=3, max_tokens=2)
    assert [result.metric for result in report.metrics] == ["rouge_l"]
    assert (len(report.samples), report.rows) == (3, 5)
    assert "Measured on 3 of 5 test rows: rouge_l." in report.notes
    model = load(finished_run.package)
    for sample in report.samples:
        assert sample.tuned == model.generate(sample.prompt, Decoding(max_tokens=2))


def test_a_metric_has_the_options_it_had_in_the_run(finished_run: FinishedRun, tmp_path: Path) -> None:
    copy = shutil.copytree(finished_run.package, tmp_path / "package")
    data = write_rows(tmp_path / "new.jsonl", 5)
    change_made(copy, evaluation={"metrics": [{"name": "exact_match", "ignore_csae": True}]})
    for names in ([], ["exact_match"]):
        with pytest.raises(BadOption, match=r"exact_match\.ignore_csae: there is no such option"):
            evaluate(copy, data, names)
    assert evaluate(copy, data, ["perplexity"]).metrics


def test_a_package_that_does_not_say_how_it_was_evaluated_gets_defaults_and_a_note(
    finished_run: FinishedRun, tmp_path: Path
) -> None:
    copy = shutil.copytree(finished_run.package, tmp_path / "package")
    data = write_rows(tmp_path / "new.jsonl", 2)
    assert not [note for note in evaluate(copy, data, ["perplexity"]).notes if "package" in note]
    change_made(copy, evaluation=None, objective=None)
    report = evaluate(copy, data)
    assert [result.metric for result in report.metrics] == ["perplexity"]
    assert report.notes[:2] == (
        "The package does not say how its run was evaluated; answers have the usual limits: "
        "200 rows, 256 tokens.",
        "The package does not say what its objective was; rows are scored as by objective sft.",
    )


def test_what_a_package_says_and_nobody_understands_is_named(
    finished_run: FinishedRun, tmp_path: Path
) -> None:
    copy = shutil.copytree(finished_run.package, tmp_path / "package")
    change_made(copy, evaluation={"max_rwos": 3})
    with pytest.raises(DamagedFile, match=r"package\.json: made\.evaluation\.max_rwos"):
        evaluate(copy, write_rows(tmp_path / "new.jsonl", 2))


def test_a_long_document_is_cut_into_the_windows_it_was_trained_in(
    finished_run: FinishedRun, tiny_folder: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(finished_run.package, tmp_path / "package")
    change_made(copy, objective={"name": "text", "window": 100})
    data = tmp_path / "new.txt"
    data.write_text("The kettle boils water. " * 60)
    (result,) = evaluate(copy, data, ["perplexity"]).metrics
    base = load_model("base", tiny_folder)
    example = Example(Place(str(data), 1, 0), text=data.read_text())
    windows = Text(window=100).encode(example, base.chat, LANGUAGE)
    assert sum(len(window) for window in windows) > base.context
    assert result.base.value == pytest.approx(perplexity_of(base, windows), rel=1e-5)


def test_rows_that_the_objective_does_not_take_are_measured_and_it_is_said(
    finished_run: FinishedRun, tmp_path: Path
) -> None:
    data = tmp_path / "new.txt"
    data.write_text("The kettle boils water. " * 60)
    report = evaluate(finished_run.package, data, ["perplexity"])
    assert report.metrics[0].tuned.value > 1
    assert report.notes[0].startswith("Objective sft of the package takes no text; rows are scored as by")


def change_made(package: Path, **values: Any) -> None:
    """Change what a package says of how it was made; None takes it away."""
    described = json.loads((package / "package.json").read_text())
    made = {**described["made"], **values}
    described["made"] = {key: value for key, value in made.items() if value is not None}
    (package / "package.json").write_text(json.dumps(described))


def test_nothing_is_left_out(finished_run: FinishedRun, tmp_path: Path) -> None:
    data = write_rows(tmp_path / "new.jsonl", 3)
    with data.open("a") as file:
        file.write('{"prompt": "Broken\n')
    with pytest.raises(BadData, match=r"1 of 4 rows cannot be used:\n.*new\.jsonl:4 \(byte \d+\)"):
        evaluate(finished_run.package, data, ["perplexity"])
    data.write_text(json.dumps({"prompt": "word " * 300, "completion": "no"}) + "\n")
    with pytest.raises(BadData, match=r"new\.jsonl:1 \(byte 0\): \d+ tokens, but .* reads 256"):
        evaluate(finished_run.package, data, ["perplexity"])


def test_what_does_not_exist_is_named(finished_run: FinishedRun, tmp_path: Path) -> None:
    data = write_rows(tmp_path / "new.jsonl", 3)
    with pytest.raises(UnknownName, match=r"perplexty.*Did you mean 'perplexity'"):
        evaluate(finished_run.package, data, ["perplexty"])
    with pytest.raises(BadData, match="There is no file"):
        evaluate(finished_run.package, tmp_path / "gone.jsonl", ["perplexity"])
    with pytest.raises(DamagedFile, match="is not a package"):
        evaluate(tmp_path, data, ["perplexity"])


def test_another_package_may_stand_in_the_place_of_the_base(
    finished_run: FinishedRun, tmp_path: Path
) -> None:
    data = write_rows(tmp_path / "new.jsonl", 4)
    other = shutil.copytree(finished_run.package, tmp_path / "other")
    report = evaluate(finished_run.package, data, ["perplexity"], against=other)
    (result,) = report.metrics
    assert result.base.value == result.tuned.value
    assert report.notes[0] == f"In the place of the base stands {other}."
    (alone,) = evaluate(finished_run.package, data, ["perplexity"]).metrics
    assert alone.base.value > result.base.value == alone.tuned.value


def test_packages_that_say_different_things_are_not_compared(
    finished_run: FinishedRun, tmp_path: Path
) -> None:
    other = shutil.copytree(finished_run.package, tmp_path / "other")
    described = json.loads((other / "package.json").read_text())
    described["task"] = {"says": "classes", "labels": ["good", "bad"]}
    (other / "package.json").write_text(json.dumps(described))
    with pytest.raises(BadData, match="other says something else than the package"):
        evaluate(finished_run.package, write_rows(tmp_path / "new.jsonl", 3), against=other)


def test_packages_that_say_numbers_in_other_units_are_not_taken_for_different(
    finished_run: FinishedRun, tmp_path: Path
) -> None:
    other = shutil.copytree(finished_run.package, tmp_path / "other")
    described = json.loads((other / "package.json").read_text())
    described["task"] = {"says": "language", "spread": 2.0}
    (other / "package.json").write_text(json.dumps(described))
    evaluate(finished_run.package, write_rows(tmp_path / "new.jsonl", 3), ["perplexity"], against=other)


def test_a_package_is_not_compared_with_another_base(finished_run: FinishedRun, tmp_path: Path) -> None:
    copy = shutil.copytree(finished_run.package, tmp_path / "package")
    described = json.loads((copy / "package.json").read_text())
    described["base"]["fingerprint"] = "0" * 64
    (copy / "package.json").write_text(json.dumps(described))
    with pytest.raises(BadBase, match="is another model, or has changed since"):
        evaluate(copy, write_rows(tmp_path / "new.jsonl", 3), ["perplexity"])
