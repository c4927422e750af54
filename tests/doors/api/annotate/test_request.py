"""What the page asks for is checked before anything is done."""

import pytest
from pydantic import ValidationError

from tunesmith.doors.api.annotate.request import Claim, Say, Undo

SAID = {"request": "request-1", "task": 1, "annotator": "Ann Lee", "kind": "labels", "value": ["a"]}


def test_what_was_said_becomes_a_card():
    said = Say.model_validate({**SAID, "note": "x", "seconds": 2.5, "suggested": ["b"]}).annotation()
    assert (said.request, said.task, said.annotator, said.kind, said.value) == (
        "request-1",
        1,
        "Ann Lee",
        "labels",
        ["a"],
    )
    assert (said.role, said.note, said.seconds, said.suggested, said.number) == (
        "annotator",
        "x",
        2.5,
        ["b"],
        0,
    )


@pytest.mark.parametrize(
    "wrong",
    [
        *({"annotator": name} for name in ("", " Ann", "A\u202enn", "A\nnn", "x" * 65)),
        *({"task": task} for task in (0, "1", 2**63)),
        *({"request": name} for name in ("short", "a b c d e f", "x" * 65)),
        *({"seconds": seconds} for seconds in (-1.0, float("inf"), 1e9)),
        *({"kind": "undo"}, {"kind": None}, {"role": "king"}, {"note": "x" * 100_001}),
        *({"created": 3.0}, {"number": 3}),
    ],
)
def test_what_no_page_of_ours_would_say_is_refused(wrong):
    with pytest.raises(ValidationError):
        Say.model_validate({**SAID, **wrong}, strict=True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": 0},
        {"number": 6},
        {"besides": list(range(1, 22))},
        {"besides": [0]},
        {"besides": ["1"]},
        {"more": 1},
    ],
)
def test_a_claim_is_for_a_few_rows(wrong):
    assert Claim.model_validate({"annotator": "ann"}).number == 1
    with pytest.raises(ValidationError):
        Claim.model_validate({"annotator": "ann", **wrong}, strict=True)


def test_names_may_be_written_in_any_script():
    for name in ("Zoë", "أمل", "李雷", "O'Brien-Smith"):
        assert Undo.model_validate({"annotator": name, "request": "request-1"}).annotator == name
