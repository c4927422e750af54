"""Findings are cards: they do not change, and what is left out is empty."""

from dataclasses import FrozenInstanceError

import pytest

from tunesmith.core.audit import Finding


def test_a_finding_needs_only_a_check_a_severity_and_a_sentence():
    finding = Finding("secrets", "stop", "One row holds a key.")
    assert (finding.rows, finding.examples, finding.remedy, dict(finding.chart)) == (0, (), "", {})
    with pytest.raises(FrozenInstanceError):
        finding.rows = 1  # type: ignore[misc]  # that is the point


def test_findings_do_not_share_a_chart():
    one, other = (Finding("lengths", "note", "Short.") for _ in range(2))
    assert one == other
    assert one.chart is not other.chart
