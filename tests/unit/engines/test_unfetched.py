"""What is known to be missing opens verdicts, and decides none: the law that nobody is judged on a part."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from random import Random

import pytest

from fhirscreen.criteria.wire import load_study
from fhirscreen.engines.evaluator.charts import Chart, read_chart
from fhirscreen.engines.evaluator.evaluate import Evaluator
from fhirscreen.fhir.entries import Resource
from fhirscreen.mapping.loading import load_catalogue, load_site, mappings_folder
from fhirscreen.plan.resolve import resolve
from fhirscreen.synthetic.cohorts import AS_OF, generate
from fhirscreen.values.durations import AsOf
from fhirscreen.values.truth import Truth
from fhirscreen.verdicts.standings import Verdict

PATIENTS = 60
TYPES = ("Observation", "Procedure", "MedicationAdministration", "MedicationStatement", "MedicationRequest")


@cache
def evaluator() -> Evaluator:
    folder = mappings_folder()
    catalogue = load_catalogue().at(load_site(folder / "sites" / "demo.yaml"))
    studies = [load_study(folder / "studies" / f"{id}.yaml") for id in ("NCT06907602", "NCT06190782")]
    return Evaluator(resolve(studies, catalogue))


def chart(resources: list[Resource], without: list[Resource], unfetched: tuple[str, ...]) -> Chart:
    patient = next(each for each in resources if each["resourceType"] == "Patient")
    kept = [each for each in resources if each is not patient and all(each is not gone for gone in without)]
    shared = {f"{each['resourceType']}/{each['id']}": each for each in resources}
    as_of = AsOf(AS_OF, evaluator().plan.catalogue.site.zone)
    return read_chart(patient, kept, evaluator().index, as_of, shared=shared, unfetched=unfetched)


def changed(resources: list[Resource], without: list[Resource]) -> Iterator[tuple[Verdict, Verdict]]:
    """Verdicts of a whole chart, and of one without some resources whose type was not fetched whole."""
    if not without:
        return
    types = tuple({each["resourceType"] for each in without})
    whole = {s.study: s for s in evaluator().subjects(chart(resources, [], ()))}
    for subject in evaluator().subjects(chart(resources, without, types)):
        assert not subject.complete
        for before, after in zip(whole[subject.study].verdicts, subject.verdicts, strict=True):
            if before.proof.truth is not after.proof.truth:
                yield before, after


@pytest.mark.parametrize("type", TYPES)
@pytest.mark.parametrize("share", [1.0, 0.5])
def test_what_was_not_fetched_decides_nothing(type: str, share: float) -> None:
    random, opened = Random(1), 0  # noqa: S311 - not for secrets
    for resources in generate(patients=PATIENTS).resources.values():
        of_type = [r for r in resources if r["resourceType"] == type and random.random() < share]
        for before, after in changed(resources, of_type):
            assert after.proof.truth is Truth.UNKNOWN, (before, after)
            opened += 1
    assert opened


def test_a_condition_that_was_not_fetched_decides_nothing() -> None:
    opened = 0
    for resources in generate(patients=PATIENTS).resources.values():
        for condition in resources:
            if condition["resourceType"] == "Condition":
                for before, after in changed(resources, [condition]):
                    assert after.proof.truth is Truth.UNKNOWN, (before, after)
                    opened += 1
    assert opened


def test_another_cancer_that_was_not_fetched_leaves_the_focus_open() -> None:
    cancers: list[Resource] = [
        {
            "resourceType": "Condition",
            "id": id,
            "clinicalStatus": {
                "coding": [
                    {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}
                ]
            },
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": code}]},
            "onsetDateTime": "2026-09-01",
        }
        for id, code in (("a", "C15.4"), ("b", "C50.4"))
    ]
    stage = {
        "resourceType": "Observation",
        "id": "t",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "21905-5"}]},
        "effectiveDateTime": AS_OF.isoformat(),
        "valueCodeableConcept": {"coding": [{"system": "http://loinc.org", "code": "LA3624-9"}]},
    }
    resources = [{"resourceType": "Patient", "id": "p"}, *cancers, stage]
    missing: list[tuple[list[Resource], tuple[str, ...]]] = [([], ()), ([cancers[1]], ("Condition",))]
    for without, unfetched in missing:
        subject = evaluator().subjects(chart(resources, without, unfetched))[0]
        found = {v.criterion.id: v.proof.truth for v in subject.verdicts}
        assert found["t-stage"] is Truth.UNKNOWN
