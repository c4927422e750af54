"""A report survives writing and reading, and nothing else passes for one."""

import json
import math
from dataclasses import replace

import pytest

from tunesmith.core.errors import DamagedFile, TunesmithError
from tunesmith.core.report import Interval
from tunesmith.evaluation.report_json import dump, load


def test_a_report_survives_writing_and_reading(report):
    strange = replace(report, notes=("\u0000 </script> \U0001f600 \u2028",), criteria=(), samples=())
    assert load(dump(report)) == report
    assert load(dump(strange)) == strange


def test_the_same_report_is_the_same_text(report):
    assert dump(load(dump(report))) == dump(report)
    assert json.loads(dump(report))["format"] == 1


def test_a_newer_format_is_refused_with_what_to_do(report):
    newer = {**json.loads(dump(report)), "format": 2, "surprise": True}
    with pytest.raises(TunesmithError, match=r"format 2.*up to 1.*pip install --upgrade"):
        load(json.dumps(newer))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"verdict": "perhaps"}, r"report\.verdict"),
        ({"rows": "412"}, r"report\.rows"),
        ({"metrics": [{"metric": "bleu"}]}, r"report\.metrics\.0"),
        ({"surprise": True}, "keys"),
    ],
)
def test_a_damaged_report_is_refused_by_place(change, named, report):
    with pytest.raises(DamagedFile, match=named):
        load(json.dumps({**json.loads(dump(report)), **change}))


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_what_is_no_json_object_is_refused(text):
    with pytest.raises(DamagedFile):
        load(text)


def test_a_number_that_json_does_not_have_is_never_written(report):
    broken = replace(report.metrics[0], gain=Interval(math.nan, 0.0, 1.0))
    with pytest.raises(ValueError, match="JSON compliant"):
        dump(replace(report, metrics=(broken,)))
