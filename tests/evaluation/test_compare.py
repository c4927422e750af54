"""A comparison covers the same rows for both models, and says what it left out."""

import pytest

from tunesmith.core.cards import Completion
from tunesmith.core.errors import BadData
from tunesmith.core.example import Example, Message, Place
from tunesmith.core.recipe import Criterion
from tunesmith.evaluation.compare import Answers, Suite, compare
from tunesmith.evaluation.metric.bleu import Bleu
from tunesmith.evaluation.metric.exact_match import ExactMatch
from tunesmith.evaluation.metric.perplexity import Perplexity

METRICS = {"exact_match": ExactMatch(), "bleu": Bleu(), "perplexity": Perplexity()}


def suite(metrics=METRICS, success=(), samples=2) -> Suite:
    return Suite(metrics=metrics, success=success, samples=samples, seed=7)


def rows(example, count=40):
    return [example(f"the answer is number {line}", line) for line in range(1, count + 1)]


def right(examples, share=1.0) -> list[Completion]:
    kept = round(share * len(examples))
    return [Completion(one.reference if i < kept else "no idea", tokens=5) for i, one in enumerate(examples)]


def scored(count, nats=10.0) -> list[Completion]:
    return [Completion("", nats=nats + row % 3, predicted=5) for row in range(count)]


def test_a_better_model_is_promoted_with_its_evidence(example):
    examples = rows(example)
    base = Answers(right(examples, 0.2), scored(40, 12.0))
    tuned = Answers(right(examples, 0.9), scored(40, 6.0))
    success = (Criterion(metric="exact_match", gain_over_base=0.5), Criterion(metric="perplexity", at_most=5))
    report = compare(examples, base, tuned, suite(success=success))
    assert report.verdict == "promote"
    assert [one.metric for one in report.metrics] == ["exact_match", "bleu", "perplexity"]
    assert [one.outcome for one in report.criteria] == ["met", "met"]
    assert report.metrics[0].base.value == 0.2
    assert report.metrics[0].tuned.value == 0.9
    assert all(one.gain.low > 0 for one in report.metrics)
    assert report.rows == 40
    assert report.notes == ()


def test_the_same_answers_keep_the_base(example):
    examples = rows(example)
    answers = Answers(right(examples, 0.5))
    report = compare(examples, answers, answers, suite({"exact_match": ExactMatch()}))
    assert report.verdict == "keep the base"
    assert report.metrics[0].gain.low == report.metrics[0].gain.high == 0


def test_metrics_that_saw_fewer_rows_are_named(example):
    examples = rows(example)
    base = Answers(right(examples[:25], 0.2), scored(40))
    tuned = Answers(right(examples[:25], 0.8), scored(40))
    report = compare(examples, base, tuned, suite())
    assert report.notes == ("Measured on 25 of 40 test rows: exact_match, bleu.",)


def test_a_metric_without_rows_is_left_out_and_named(example):
    examples = rows(example)
    report = compare(examples, Answers(scored=scored(40)), Answers(scored=scored(40, 5.0)), suite())
    assert [one.metric for one in report.metrics] == ["perplexity"]
    assert report.notes == ("Not measured, for want of test rows: exact_match, bleu.",)
    assert report.samples == ()


def test_no_test_rows_at_all_end_in_a_report_not_in_an_error():
    report = compare([], Answers(), Answers(), suite(success=(Criterion(metric="bleu", at_least=10),)))
    assert report.verdict == "not enough data to tell"
    assert report.reason.startswith("bleu could not be measured")
    assert (report.rows, report.metrics) == (0, ())
    assert report.notes == ("Not measured, for want of test rows: exact_match, bleu, perplexity.",)


def test_rows_without_a_reference_token_are_left_out_of_likelihoods_and_counted(example):
    examples = rows(example)
    empty = [*scored(38), Completion("empty"), Completion("empty")]
    report = compare(
        examples, Answers(scored=empty), Answers(scored=empty), suite({"perplexity": Perplexity()})
    )
    assert report.notes == (
        "Measured on 38 of 40 test rows: perplexity.",
        "2 test rows have no reference token to predict; likelihood metrics leave them out.",
    )


def test_answers_cut_off_at_the_limit_are_counted(example):
    examples = rows(example)
    cut = [Completion("and so on", finish_reason="length"), *right(examples)[1:]]
    report = compare(
        examples, Answers(right(examples, 0.5)), Answers(cut), suite({"exact_match": ExactMatch()})
    )
    assert report.notes == ("1 of 40 tuned answers were cut off at the token limit.",)


def test_an_interval_of_no_width_is_explained(example):
    examples = rows(example, 30)
    answers = Answers(right(examples, 0.0)), Answers(right(examples))
    report = compare(examples, *answers, suite({"exact_match": ExactMatch()}))
    assert report.notes == (
        "exact_match is the same on every test row, so its interval has no width; "
        "up to 10% of unseen rows may still differ.",
    )


def test_samples_are_the_first_rows_with_both_answers(example):
    examples = rows(example)
    report = compare(
        examples, Answers(right(examples, 0)), Answers(right(examples)), suite({"bleu": Bleu()}, samples=3)
    )
    assert len(report.samples) == 3
    first = report.samples[0]
    assert (first.prompt, first.reference) == ("Question 1?", "the answer is number 1")
    assert (first.base, first.tuned) == ("no idea", "the answer is number 1")


def test_a_sample_names_who_says_what_where_there_are_several_turns():
    turns = (Message("system", "Be brief."), Message("user", "Hello?"), Message("assistant", "Hi."))
    examples = [Example(Place("rows.jsonl", 1, 0), turns)]
    report = compare(examples, Answers(right(examples)), Answers(right(examples)), suite({"bleu": Bleu()}))
    assert report.samples[0].prompt == "System: Be brief.\n\nUser: Hello?"


@pytest.mark.parametrize(("base", "tuned"), [(40, 39), (41, 41)])
def test_models_that_cover_different_rows_are_refused(base, tuned, example):
    with pytest.raises(BadData, match=f"base has {base} .*tuned model {tuned}"):
        compare(rows(example), Answers(scored=scored(base)), Answers(scored=scored(tuned)), suite())


def test_likelihoods_of_different_tokens_are_refused(example):
    tuned = [Completion("", nats=9.0, predicted=4), *scored(39)]
    with pytest.raises(BadData, match=r"rows\.jsonl:1 .*same tokenizer"):
        compare(rows(example), Answers(scored=scored(40)), Answers(scored=tuned), suite())
