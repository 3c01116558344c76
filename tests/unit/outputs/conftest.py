"""A small study with every sort of criterion, and verdicts about it written by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from fhirscreen.criteria.studies import Study
from fhirscreen.criteria.wire import read_study
from fhirscreen.engines.base import Gated, Screened
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.mapping.loading import load_catalogue
from fhirscreen.plan.nodes import Plan
from fhirscreen.plan.resolve import resolve
from fhirscreen.values.durations import AsOf
from fhirscreen.values.truth import Truth
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.reasons import Basis, Reason
from fhirscreen.verdicts.standings import Gate, Subject, Verdict

STUDY = {
    "study": "NCT00000001",
    "title": "A study for tests & nothing else",
    "population": {"cancer": "oesophageal-cancer"},
    "questions": [
        {"id": "which-unit", "asks": "Is 11 g/dL meant?"},
        {"id": "settled", "asks": "Once?", "answer": {"reading": "twice", "by": "PI", "on": "2026-10-01"}},
    ],
    "inclusion": [
        {"id": "age", "says": "Adult", "age": {"at_least": "18 a"}},
        {
            "id": "t-stage",
            "says": "T3 or T4a",
            "finding": {"concept": "t-category", "staging": "clinical", "in": ["T3", "T4a"]},
            "weight": "gate",
            "next_action": "Ask for endosonography",
        },
        {
            "id": "platelets",
            "says": "Platelets at least 100 × 10⁹/L",
            "measured": {"concept": "platelet-count", "at_least": "100 10*9/L"},
            "recoverable": True,
            "recheck_after": "7 d",
            "next_action": "Order a blood count",
        },
        {"id": "alt", "says": "ALT", "measured": {"concept": "alanine-aminotransferase", "at_most": "2 ULN"}},
        {
            "id": "haemoglobin",
            "says": "Haemoglobin",
            "question": {
                "id": "which-unit",
                "readings": {
                    "g-per-l": {"measured": {"concept": "haemoglobin", "at_least": "11 g/L"}},
                    "g-per-dl": {"measured": {"concept": "haemoglobin", "at_least": "11 g/dL"}},
                },
            },
        },
        {"id": "consent", "says": "Gives consent", "confirm": "Does the patient consent?"},
    ],
    "exclusion": [
        {
            "id": "t1-t2",
            "says": "T1 or T2",
            "finding": {"concept": "t-category", "staging": "clinical", "in": ["T1", "T2"]},
            "mirrors": "t-stage",
        },
        {
            "id": "hiv",
            "says": "HIV infection",
            "condition": {"concept": "hiv-infection"},
            "recoverable": True,
            "recheck_after": "30 d",
        },
    ],
}
IDS = tuple(each["id"] for each in [*STUDY["inclusion"], *STUDY["exclusion"]])  # type: ignore[index]


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture(scope="session")
def plan(catalogue: Catalogue) -> Plan:
    return resolve([read_study(STUDY)], catalogue)


@pytest.fixture(scope="session")
def study(plan: Plan) -> Study:
    return plan.studies[0].study


@pytest.fixture(scope="session")
def as_of() -> AsOf:
    return AsOf(date(2026, 11, 1), ZoneInfo("Europe/Berlin"))


Make = Callable[..., Subject]

OPEN = Proof(Truth.UNKNOWN, Basis.MISSING, Reason.NO_RECORD)


@pytest.fixture(scope="session")
def make(study: Study) -> Make:
    """Makes a subject for whom everything is met but what is given: a Proof, or `fail`."""

    def made(
        patient: str, *, upto: str | None = None, complete: bool = True, **given: Proof | str
    ) -> Subject:
        verdicts = []
        for criterion in study.criteria:
            inclusion = criterion.kind.value == "inclusion"
            proof = Proof(Truth.TRUE if inclusion else Truth.FALSE, Basis.RECORDED)
            if criterion.asks:
                proof = Proof(Truth.UNKNOWN, Basis.CONFIRM, Reason.ASK_IN_PERSON)
            asked = given.get(criterion.id.replace("-", "_"))
            if asked == "fail":
                proof = Proof(Truth.FALSE if inclusion else Truth.TRUE, Basis.RECORDED)
            elif isinstance(asked, Proof):
                proof = asked
            verdicts.append(Verdict(study.id, patient, criterion, proof))
            if criterion.id == upto:
                break
        return Subject(study.id, patient, tuple(verdicts), complete, (), "2026-10-01")

    return made


@pytest.fixture
def screened(make: Make, study: Study) -> Screened:
    """Seven subjects, two gated, three outside: each of another fate."""
    low = Proof(
        Truth.FALSE, Basis.RECORDED, None, ("Observation/p",), "<90", "10*9/L", "2026-10-26T08:15:00+01:00"
    )
    stale = Proof(
        Truth.UNKNOWN, Basis.RECORDED, Reason.STALE, ("Observation/s",), "140", "10*9/L", "2026-09-01"
    )
    reactive = Proof(
        Truth.UNKNOWN, Basis.RECORDED, Reason.UNCONFIRMED, ("Condition/h",), "86406008", "", "2026-10-02"
    )
    subjects = [
        make("a-candidate"),
        make("b-stale", platelets=stale),
        make("c-no-stage", t_stage=OPEN, t1_t2=OPEN),
        make("d-sensitive", hiv=reactive),
        make("e-near-miss", platelets=low, alt=OPEN),
        make("f-wrong-stage", t_stage="fail", t1_t2="fail"),
        make("g-two-failures", platelets=low, age="fail"),
    ]
    return Screened(
        subjects=subjects,
        gated=[Gated(study.id, "h-dead", Gate.DECEASED), Gated(study.id, "i-no", Gate.DECLINED)],
        patients=12,
        outside={study.id: 3},
    )
