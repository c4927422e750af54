import json
from pathlib import Path

from command_line import Command
from finished_run import FinishedRun
from small_runs import write_rows


def test_the_verdict_on_new_rows_is_the_result(
    command: Command, finished_run: FinishedRun, tmp_path: Path
) -> None:
    data = write_rows(tmp_path / "new.jsonl", 5)
    told = command("evaluate", finished_run.package, data)
    assert told.code == 0
    verdict, _, _, head, line, *_ = told.out.splitlines()
    assert verdict == "verdict: not enough data to tell"
    assert head.startswith("metric ")
    assert line.startswith("rouge_l ")


def test_several_metrics_are_asked_for_one_by_one(
    command: Command, finished_run: FinishedRun, tmp_path: Path
) -> None:
    data = write_rows(tmp_path / "new.jsonl", 2)
    asked = ("--metric", "token_f1", "--metric", "perplexity")
    told = json.loads(command("evaluate", finished_run.package, data, *asked, "--json").out)
    assert [result["metric"] for result in told["metrics"]] == ["token_f1", "perplexity"]
    assert told["rows"] == 2


def test_a_package_is_held_against_another(
    command: Command, finished_run: FinishedRun, tmp_path: Path
) -> None:
    data = write_rows(tmp_path / "new.jsonl", 3)
    asked = ("--metric", "perplexity", "--against", finished_run.package, "--json")
    told = json.loads(command("evaluate", finished_run.package, data, *asked).out)
    (result,) = told["metrics"]
    assert result["base"]["value"] == result["tuned"]["value"]


def test_what_is_not_asked_for_is_as_in_the_run(
    command: Command, finished_run: FinishedRun, tmp_path: Path
) -> None:
    data = write_rows(tmp_path / "new.jsonl", 3)
    told = json.loads(command("evaluate", finished_run.package, data, "--json").out)
    assert [result["metric"] for result in told["metrics"]] == ["rouge_l", "perplexity"]
    asked = ("--max-rows", "2", "--max-tokens", "1")
    less = json.loads(command("evaluate", finished_run.package, data, *asked, "--json").out)
    assert len(less["samples"]) == 2
    pairs = list(zip(told["samples"][:2], less["samples"], strict=True))
    assert all(one["tuned"].startswith(two["tuned"]) for one, two in pairs)
    assert all(one["tuned"] != two["tuned"] for one, two in pairs)


def test_rows_that_cannot_be_used_end_with_3(
    command: Command, finished_run: FinishedRun, tmp_path: Path
) -> None:
    data = tmp_path / "new.jsonl"
    data.write_text('{"prompt": "a"\n')
    told = command("evaluate", finished_run.package, data)
    assert (told.code, told.out) == (3, "")
    assert "new.jsonl:1 (byte 0)" in told.err
