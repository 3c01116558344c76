"""Patients whom no criterion reaches, those who are shown with a note, and those who are no members."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fhirscreen.synthetic.charts import Chart
from fhirscreen.synthetic.codes import (
    ACT,
    CONSENT_CATEGORY,
    CONSENT_SCOPE,
    DISPOSITION,
    FLAGS,
    ICD10,
    ICD10CM,
    SNOMED,
    Json,
    concept,
)
from fhirscreen.synthetic.truths import NEOADJUVANT, OLIGOMETASTATIC

BOTH = (NEOADJUVANT, OLIGOMETASTATIC)
RESEARCH_STUDIES = {NEOADJUVANT: "study-neoadjuvant", OLIGOMETASTATIC: "study-oligometastatic"}
OTHER_STUDY = "study-other"


@dataclass(frozen=True, slots=True)
class Door:
    """What a scenario does to an otherwise fitting patient: its gate and in which studies; a note."""

    name: str
    act: Callable[[Chart], None]
    gate: str | None = None
    studies: tuple[str, ...] = BOTH
    note: str | None = None


def _patient(chart: Chart) -> Json:
    return next(each for each in chart.resources if each["resourceType"] == "Patient")


def _deactivate(chart: Chart) -> None:
    _patient(chart)["active"] = False


def _die(chart: Chart) -> None:
    _patient(chart)["deceasedDateTime"] = chart.at(4)


def _die_undated(chart: Chart) -> None:
    _patient(chart)["deceasedBoolean"] = True


def _die_later(chart: Chart) -> None:
    _patient(chart)["deceasedDateTime"] = chart.at(-6)


def _live(chart: Chart) -> None:
    _patient(chart)["deceasedBoolean"] = False


def _consent(chart: Chart, kind: str, status: str = "active") -> None:
    made: Json = {"resourceType": "Consent", "status": status}
    made["scope"] = concept((CONSENT_SCOPE, "research"))
    made["category"] = [concept((CONSENT_CATEGORY, "research"))]
    made["dateTime"] = chart.at(30)
    made["policyRule"] = concept((ACT, "OPTOUT" if kind == "deny" else "OPTIN"))
    made["provision"] = {"type": kind}
    chart.add(made, "consent")


def _object(chart: Chart) -> None:
    _consent(chart, "deny")


def _agree(chart: Chart) -> None:
    _consent(chart, "permit")


def _object_formerly(chart: Chart) -> None:
    _consent(chart, "deny", "inactive")


def _object_by_flag(chart: Chart) -> None:
    made: Json = {"resourceType": "Flag", "status": "active"}
    made["code"] = concept((FLAGS, "no-research"))
    made["period"] = {"start": chart.day(200).isoformat()}
    chart.add(made, "flag")


def _take_part(study: str, status: str) -> Callable[[Chart], None]:
    def act(chart: Chart) -> None:
        made: Json = {"resourceType": "ResearchSubject", "status": status}
        made["period"] = {"start": chart.day(20).isoformat()}
        made["study"] = {"reference": f"ResearchStudy/{study}"}
        chart.add(made, "subject")

    return act


def _transfer(chart: Chart) -> None:
    made: Json = {"resourceType": "Encounter", "status": "finished"}
    made["class"] = {"system": ACT, "code": "IMP"}
    made["period"] = {"start": chart.day(10).isoformat(), "end": chart.day(4).isoformat()}
    made["hospitalization"] = {"dischargeDisposition": concept((DISPOSITION, "other-hcf"))}
    chart.add(made, "encounter")


_ELSEWHERE = "on another study"
_NEO = RESEARCH_STUDIES[NEOADJUVANT]
DOORS = (
    Door("inactive", _deactivate, "inactive"),
    Door("deceased", _die, "deceased"),
    Door("deceased-undated", _die_undated, "deceased"),
    Door("deceased-after-the-index-date", _die_later),
    Door("not-deceased", _live),
    Door("objects-by-consent", _object, "objected"),
    Door("objects-by-flag", _object_by_flag, "objected"),
    Door("agrees-to-research", _agree),
    Door("objected-formerly", _object_formerly),
    Door("on-study", _take_part(_NEO, "on-study"), "on-study", (NEOADJUVANT,), _ELSEWHERE),
    Door("in-follow-up", _take_part(_NEO, "follow-up"), "on-study", (NEOADJUVANT,), _ELSEWHERE),
    Door("screen-failed", _take_part(_NEO, "ineligible"), "declined", (NEOADJUVANT,)),
    Door("declined", _take_part(_NEO, "withdrawn"), "declined", (NEOADJUVANT,)),
    Door("on-another-study", _take_part(OTHER_STUDY, "on-study"), note=_ELSEWHERE),
    Door("transferred-out", _transfer, note="transferred out"),
)


def merge(survivor: Chart, merged: str) -> list[Json]:
    """Moves half of the survivor's records to a duplicate that was merged into it, and returns these."""
    patient = _patient(survivor)
    patient["link"] = [{"other": {"reference": f"Patient/{merged}"}, "type": "replaces"}]
    duplicate: Json = {key: patient[key] for key in ("resourceType", "gender", "birthDate") if key in patient}
    duplicate |= {"id": merged, "active": False}
    duplicate["link"] = [{"other": {"reference": survivor.reference}, "type": "replaced-by"}]
    moved = [each for each in survivor.resources if each is not patient][::2]
    for each in moved:
        each["subject"] = {"reference": f"Patient/{merged}"}
        survivor.resources.remove(each)
    return [duplicate, *moved]


# ---- patients of other diseases: never members


def _stomach(chart: Chart) -> None:
    chart.diagnose("cancer", (ICD10CM, "C16.0"), ago=40)


def _colon(chart: Chart) -> None:
    chart.diagnose("cancer", (SNOMED, "363406005"), ago=60)


def _lung(chart: Chart) -> None:
    chart.diagnose("cancer", (ICD10, "C34.1"), ago=50)


def _history(chart: Chart) -> None:
    chart.diagnose("history", (ICD10CM, "Z85.01"), ago=1200)


def _refuted(chart: Chart) -> None:
    chart.diagnose("cancer", (ICD10CM, "C15.9"), ago=60, verification="refuted", clinical="inactive")


def _mistake(chart: Chart) -> None:
    chart.diagnose("cancer", (ICD10CM, "C15.4"), ago=60, verification="entered-in-error", clinical=None)


def _reflux(chart: Chart) -> None:
    chart.diagnose("reflux", (ICD10CM, "K21.9"), ago=500)


OUTSIDERS: dict[str, Callable[[Chart], None]] = {
    "cancer-of-the-cardia": _stomach,
    "colorectal-cancer": _colon,
    "lung-cancer": _lung,
    "history-code-alone": _history,
    "refuted-cancer": _refuted,
    "cancer-entered-in-error": _mistake,
    "no-cancer": _reflux,
}
