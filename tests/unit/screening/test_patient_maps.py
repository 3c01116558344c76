from __future__ import annotations

from pathlib import Path

import pytest

from fhirscreen.exceptions import DataError
from fhirscreen.screening.publishing.patient_maps import PatientMap, read_patient_map


def test_there_and_back(tmp_path: Path) -> None:
    path = tmp_path / "map.csv"
    path.write_text("source_patient,target_patient\nPatient/a,1\nb, Patient/2 \n")
    found = read_patient_map(path)
    assert [found.target(id) for id in "abc"] == ["1", "2", None]
    assert [found.source(id) for id in "123"] == ["a", "b", None]


def test_without_a_map_patients_are_the_same() -> None:
    assert (PatientMap().target("a"), PatientMap().source("a")) == ("a", "a")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "source,target\na,1\n",
        "source_patient,target_patient\na\n",
        "source_patient,target_patient\na,1,2\n",
        "source_patient,target_patient\na,\n",
        "source_patient,target_patient\njane,1\njane,2\n",
        "source_patient,target_patient\njane,1\nb,1\n",
    ],
)
def test_what_is_no_map_is_refused_without_an_id(tmp_path: Path, text: str) -> None:
    path = tmp_path / "map.csv"
    path.write_text(text)
    with pytest.raises(DataError) as refused:
        read_patient_map(path)
    assert "jane" not in str(refused.value)
    assert "source_patient,target_patient" in str(refused.value)
    assert str(path) in str(refused.value)
