import json
import math
import shutil
from pathlib import Path

import pytest

from finished_run import FinishedRun
from small_runs import write_rows
from tunesmith.core.cards import Message
from tunesmith.core.errors import BadBase, BadData, BadRecipe, DamagedFile, UnknownName
from tunesmith.engine.validation import likelihoods
from tunesmith.lifecycle.evaluate import evaluate
from tunesmith.lifecycle.loaded import load
from tunesmith.model.load import load as load_model


def perplexity(model, rows: list[tuple[str, str]]) -> float:
    """Compute it plainly: all nats over all tokens."""
    turns = [(Message("user", prompt), Message("assistant", answer)) for prompt, answer in rows]
    costs = list(likelihoods(model, [model.chat.encode_conversation(one) for one in turns]))
    return math.exp(sum(nats for nats, _ in costs) / sum(count for _, count in costs))


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


def test_a_package_is_not_compared_with_another_base(finished_run: FinishedRun, tmp_path: Path) -> None:
    copy = shutil.copytree(finished_run.package, tmp_path / "package")
    described = json.loads((copy / "package.json").read_text())
    described["base"]["fingerprint"] = "0" * 64
    (copy / "package.json").write_text(json.dumps(described))
    with pytest.raises(BadBase, match="is another model, or has changed since"):
        evaluate(copy, write_rows(tmp_path / "new.jsonl", 3), ["perplexity"])
