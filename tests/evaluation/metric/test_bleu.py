"""BLEU from added-up counts is sacrebleu's corpus BLEU, to the last digit."""

import random

import pytest
import sacrebleu

from tunesmith.core.cards import Completion
from tunesmith.evaluation.metric.bleu import Bleu

TEXT = "The cat, a dog; 3.5 oak stools (red) don't stand still. Zürich 你好 - yes!"


def sentences(seed: int, count: int = 60) -> list[str]:
    draw = random.Random(seed)
    return [" ".join(draw.choices(TEXT.split(), k=draw.randrange(0, 14))) for _ in range(count)]


def ours(metric, answers, references, example):
    pairs = zip(answers, references, strict=True)
    rows = [metric.score(Completion(answer), example(reference)) for answer, reference in pairs]
    return metric.summarise([sum(column) for column in zip(*rows, strict=True)])


@pytest.mark.parametrize("tokenize", ["13a", "intl", "zh", "char", "none"])
@pytest.mark.parametrize("lowercase", [False, True])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_equals_sacrebleu_on_random_texts(tokenize, lowercase, seed, example):
    references = sentences(seed)
    answers = [text.replace("red", "blue") for text in references[:40]] + sentences(seed + 100, 20)
    expected = sacrebleu.corpus_bleu(answers, [references], tokenize=tokenize, lowercase=lowercase).score
    assert 0 < expected < 100
    assert ours(Bleu(tokenize=tokenize, lowercase=lowercase), answers, references, example) == expected


@pytest.mark.parametrize(
    ("answers", "references"),
    [
        (["a b c d e"], ["a b c d e"]),
        (["nothing shared"], ["some other words"]),
        ([""], ["words"]),
        (["a b"], ["a b c d e f"]),
        (["a x b y"], ["a b c d"]),
    ],
)
def test_it_equals_sacrebleu_at_the_edges(answers, references, example):
    expected = sacrebleu.corpus_bleu(answers, [references]).score
    assert ours(Bleu(), answers, references, example) == expected


def test_it_is_not_the_mean_of_sentence_scores(example):
    answers, references = ["a b c d e f g h", "x"], ["a b c d e f g h", "y"]
    assert ours(Bleu(), answers, references, example) > 80
