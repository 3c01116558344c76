"""The generator's own Cockcroft and Gault, against figures worked out by hand."""

from __future__ import annotations

import pytest

from fhirscreen.synthetic.facets.clearances import clearance


@pytest.mark.parametrize(
    ("age", "sex", "weight", "creatinine", "expected"),
    [
        (60, "male", 54, 1.2, 50.0),  # 80 × 54 / 86.4
        (60, "female", 54, 1.2, 42.5),
        (40, "male", 72, 1.0, 100.0),
        (65, "male", 70, 1.47, 49.603),  # 75 × 70 / 105.84
    ],
)
def test_by_hand(age: int, sex: str, weight: float, creatinine: float, expected: float) -> None:
    assert clearance(age, sex, weight, creatinine) == pytest.approx(expected, abs=1e-3)
