"""Lines that limit what stands under them to a cohort, an arm, women or healthy volunteers."""

from __future__ import annotations

import pytest

from fhirscreen.reading import Status
from tests.lib.reading import reader

NOTE = "it stands under a line that may hold for one group alone, or for some"


def _status(text: str, line: str) -> tuple[Status, bool]:
    found = next(r for r in reader().read(text) if r.text == line)
    return found.status, NOTE in found.warnings


@pytest.mark.parametrize(
    "above",
    [
        "Exclusion Criteria (Extension Cohort Only):",
        "Exclusion Criteria:\n\n  For male subjects:",
        "Exclusion Criteria:\n\n  Subjects entering the dosing arm:",
        "Exclusion Criteria:\n\n  Healthy volunteers:",
        "Exclusion Criteria:\n\n  Control group:",
        "Exclusion Criteria:\n\n  Part B:",
        "Exclusion Criteria:\n\n  - For subjects with asthma the following additional criteria apply:",
        "Exclusion Criteria:\n\nCOHORT A:",
        (
            "Inclusion Criteria:\n\n  - Asthma\n\nExclusion Criteria for patients:\n\n  - Epilepsy\n\n"
            "Exclusion Criteria for healthy controls:"
        ),
    ],
)
def test_what_holds_for_a_group_is_no_criterion_of_everybody(above: str) -> None:
    assert _status(f"{above}\n\n  - Gout\n", "Gout") == (Status.PARTIAL, True)


@pytest.mark.parametrize(
    "above",
    [
        "Exclusion Criteria:\n\n  - For all subjects the following applies:",
        "Exclusion Criteria for healthy volunteers:",
        "Exclusion Criteria:\n\n  Male and female subjects with any of the following:",
        "Exclusion Criteria:\n\n  Any of the following conditions:",
        "Inclusion Criteria:\n\n  For women:\n\n    - Asthma\n\nExclusion Criteria:",
    ],
)
def test_what_limits_nobody_leaves_the_criteria_as_they_are(above: str) -> None:
    assert _status(f"{above}\n\n  - Gout\n", "Gout") == (Status.COMPUTED, False)
