"""Patients outside a population: what was looked at, and why it makes no member."""

from __future__ import annotations

import pytest

from fhirscreen.engines.base import Looked, Outsider, Seen
from fhirscreen.engines.evaluator.cohorts import gather
from fhirscreen.engines.in_memory import InMemory
from fhirscreen.fhir.folders import Line
from fhirscreen.verdicts.standings import Gate
from tests.lib.records import Resource, condition, patient
from tests.spec.codes import icd
from tests.spec.tables import Table, case, true

BREAST = icd("C50.9")
HISTORY = icd("Z85.3")
LUNG = icd("C34.1")


def outsider(*records: Resource, population: str | None = "breast-cancer") -> Outsider:
    table = Table("outside", "says", "age: {at_least: 18 a}", [case("one", true(), *records)], population)
    lines = [Line("test", resource) for resource in table.resources(0)]
    plan, as_of = table.plan(), table.index_date()
    asked = [each["id"] for each in table.resources(0) if each["resourceType"] == "Patient"]
    (found,) = InMemory(gather(lines)).screen(plan, as_of, patients=asked).outsiders
    return found


def seen(found: Outsider) -> dict[str, tuple[Seen, ...]]:
    return {each.role: each.seen for each in found.looked}


@pytest.mark.parametrize(
    ("record", "role", "why"),
    [
        (condition(BREAST, id="c", verification="refuted"), "match", "refuted"),
        (condition(BREAST, id="c", on="2027-01-01"), "match", "after the index date"),
        (condition(HISTORY, id="c"), "history", "a history alone makes no member"),
    ],
)
def test_a_record_that_makes_no_member_says_why(record: Resource, role: str, why: str) -> None:
    found = outsider(record)
    ((entry,),) = [each for each in seen(found).values() if each]
    assert seen(found)[role] == (entry,)
    assert (entry.reference.split("/")[0], entry.why) == ("Condition", why)
    assert entry.code == record["code"]["coding"][0]["code"]
    assert entry.date == record.get("onsetDateTime", "")
    assert found.cancers == ()


def test_what_was_looked_at_is_named_by_type_and_code_system() -> None:
    found = outsider()
    assert found.population == "breast cancer"
    assert found.patient
    assert found.gate is None
    by_role: dict[str, Looked] = {each.role: each for each in found.looked}
    assert by_role["match"].admits
    assert not by_role["history"].admits
    assert by_role["match"].resource == "Condition"
    assert {"icd-10", "snomed"} <= set(by_role["match"].systems)
    assert all(not each.seen for each in found.looked)


def test_another_cancer_on_record_is_named_but_no_refuted_one() -> None:
    other = condition(LUNG, id="lung", on="2025-03")
    found = outsider(other, condition(icd("C16.9"), id="stomach", verification="refuted"))
    ((reference, code, date, why),) = found.cancers
    assert (reference.split("/")[0], code, date, why) == ("Condition", "C34.1", "2025-03", "")


def test_a_cancer_that_was_looked_at_already_is_not_told_twice() -> None:
    found = outsider(condition(BREAST, id="c", on="2027-01-01"))
    assert found.cancers == ()


def test_a_gate_that_is_closed_besides_is_said() -> None:
    assert outsider(patient(deceasedBoolean=True)).gate is Gate.DECEASED
