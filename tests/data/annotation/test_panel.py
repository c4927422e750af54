"""Agreement of a project is measured on rows that several people did, by the level of what they say."""

import pytest

from annotation_projects import say, settings, text
from tunesmith.data.annotation.panel import agreement
from tunesmith.data.annotation.project import Task


def standing(*rows, kind="labels"):
    """Give rows as dictionaries of what each annotator says."""
    return [
        (Task(number, text(number)), [say(number, name, value, kind=kind) for name, value in row.items()])
        for number, row in enumerate(rows, 1)
    ]


def test_only_rows_that_two_people_did_count():
    found = agreement(
        settings(), standing({"ann": ["a"], "bob": ["a"]}, {"ann": ["b"], "bob": ["a"]}, {"ann": ["c"]})
    )
    assert (found.rows, found.share, found.level) == (2, 0.5, "nominal")
    (pair,) = found.pairs
    assert (pair.first, pair.second, pair.rows, pair.share) == ("ann", "bob", 2, 0.5)


def test_skips_flags_and_whoever_settles_do_not_count():
    rows = standing({"ann": ["a"], "bob": ["a"]}, {"ann": ["b"], "bob": ["b"]})
    rows[0][1].append(say(1, "judge", ["b"], role="adjudicator"))
    rows[0][1].append(say(1, "cara", None, kind="skip"))
    rows[1][1].append(say(2, "cara", None, kind="flag"))
    found = agreement(settings(), rows)
    assert found.share == 1.0
    assert [(pair.first, pair.second) for pair in found.pairs] == [("ann", "bob")]
    assert found.alpha is not None
    assert found.alpha.value == 1.0


def test_people_who_share_no_row_are_no_pair():
    found = agreement(settings(), standing({"ann": ["a"], "bob": ["a"]}, {"cara": ["b"], "dan": ["b"]}))
    assert [(pair.first, pair.second) for pair in found.pairs] == [("ann", "bob"), ("cara", "dan")]


def test_ratings_that_are_near_agree_more_than_ratings_far_apart():
    near = [{"ann": n, "bob": n + 1} for n in (1, 2, 3, 4)]
    far = [{"ann": n, "bob": 6 - n} for n in (1, 2, 4, 5)]
    good, bad = (agreement(settings("ratings"), standing(*rows, kind="rating")) for rows in (near, far))
    assert good.level == "ordinal"
    assert good.alpha is not None
    assert bad.alpha is not None
    assert good.alpha.value > 0.5
    assert bad.alpha.value < 0
    assert good.pairs[0].kappa is not None
    assert good.pairs[0].kappa.value == pytest.approx(0.7143, abs=1e-4)  # quadratic weights: 1 - 4 / 14


def test_rankings_are_compared_pair_by_pair_whatever_the_order_they_stood_in():
    def value(*answers):
        return {"answers": list(answers), "order": [[place] for place in range(len(answers))]}

    same = standing(
        {"ann": value("A", "B"), "bob": {"answers": ["B", "A"], "order": [[1], [0]]}}, kind="ranking"
    )
    other = standing({"ann": value("A", "B"), "bob": value("B", "A")}, kind="ranking")
    three = standing({"ann": value("A", "B", "C"), "bob": value("A", "C", "B")}, kind="ranking")
    assert agreement(settings("ranking"), same).share == 1.0
    assert agreement(settings("ranking"), other).share == 0.0
    found = agreement(settings("ranking"), three)
    assert (found.rows, found.share) == (3, pytest.approx(2 / 3))


def test_free_texts_have_a_share_but_nothing_beyond_chance():
    found = agreement(
        settings("answers"),
        standing({"ann": "Yes.", "bob": "Yes."}, {"ann": "No.", "bob": "Never."}, kind="written"),
    )
    assert (found.share, found.alpha, found.pairs[0].kappa) == (0.5, None, None)
    assert "free texts" in found.sentence


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"ann": ["a"]}], "No row was done by two people yet"),
        ([{"ann": [v], "bob": [v]} for v in "abcab" * 8], "can be relied on"),
        ([{"ann": [v], "bob": [w]} for v, w in ("aa", "bb", "cc", "ab")], "Not certain yet"),
        ([{"ann": [v], "bob": [w]} for v, w in ("ab", "ba", "ca", "aa") * 9], "do not agree"),
    ],
)
def test_a_sentence_says_what_the_figure_means(rows, said):
    assert said in agreement(settings(), standing(*rows)).sentence
