"""Facets for the probe study (`probe.yaml`): a row of states, and what each criterion makes of it by hand."""

from __future__ import annotations

from fhirscreen.synthetic.charts import Chart
from fhirscreen.synthetic.codes import ICD10, ICD10CM
from fhirscreen.synthetic.facets.registry import facet
from fhirscreen.synthetic.facets.steps import (
    ENOXAPARIN,
    FILGRASTIM,
    ORDERED,
    Step,
    anti_hbs,
    ascites,
    disease,
    drug,
    ldh,
    magnesium,
    obstruction,
)

PRESUMED = "absence-presumed"

NODES = {
    "sex-male": "sex",
    "constant-true": "constant",
    "constant-false": "constant",
    "asked": "confirm",
    "not-mapped": "unread",
    "all-recorded": "all",
    "all-presumed": "all",
    "all-ascites": "all",
    "any-recorded": "any",
    "any-presumed": "any",
    "any-not": "any",
    "two-of-three": "at_least",
    "one-of-two": "at_least",
    "not-ldh": "not",
    "not-ascites": "not",
    "not-not-ascites": "not",
    "conditional-ldh": "conditional",
    "judgement-ascites": "judgement",
    "question-ldh": "question",
    "ascites": "condition",
    "hiv-condition": "condition",
    "hiv-on-record": "recorded",
    "bone-metastasis": "condition",
    "thrombosis": "condition",
    "type-1-diabetes": "condition",
    "unstable-angina": "condition",
    "epilepsy": "finding",
    "epilepsy-diagnosed": "condition",
    "anti-hbs": "finding",
    "growth-factor": "received",
    "growth-factor-recent": "received",
    "anticoagulant": "received",
    "pd-1": "received",
    "radiotherapy-for-index": "received",
    "anticoagulant-washout": "elapsed",
    "radiotherapy-washout": "elapsed",
    "obstruction-after-anticoagulant": "sequence",
    "progressed-after-pd-1": "sequence",
    "one-obstruction-at-most": "count",
    "an-obstruction": "count",
    "no-bone-metastasis-counted": "count",
    "no-disseminated-disease-counted": "count",
}

# What any patient of a probe facet makes of the criteria that ask for what none of them has.
EVERYWHERE = {
    "constant-true": "true",
    "constant-false": "false",
    "asked": "unknown ask-in-person",
    "not-mapped": "unknown unread",
    "hiv-condition": "unknown no-record",
    "hiv-on-record": f"false {PRESUMED}",
    "bone-metastasis": f"false {PRESUMED}",
    "no-bone-metastasis-counted": f"true {PRESUMED}",
    "no-disseminated-disease-counted": "unknown no-record",
}


def claim(chart: Chart, claims: dict[str, str]) -> None:
    """Plants probe truths from texts `truth reason`."""
    for criterion, text in claims.items():
        truth, _, reason = text.partition(" ")
        basis = {PRESUMED: "presumed", "ask-in-person": "confirm", "": None}.get(reason)
        chart.plant(
            criterion,
            truth,
            basis=basis,
            reason=reason,
            node=NODES[criterion],
            stated=False,
        )


def _register(name: str, steps: list[Step], claims: dict[str, str]) -> None:
    def fill(chart: Chart) -> None:
        for step in steps:
            step(chart)
        claim(chart, claims | EVERYWHERE)

    fill.__name__ = f"probe_{name}"
    facet("probe", also=("treatment", "cancer", "m", "hiv", "hepatitis-b"))(fill)


def _same(text: str, *criteria: str) -> dict[str, str]:
    return dict.fromkeys(criteria, text)


_register(
    "normal_and_silent",
    [ldh(200), magnesium(0.8)],
    _same("true", "all-recorded", "question-ldh")
    | _same("false", "any-recorded", "not-ldh", "two-of-three")
    | _same(f"true {PRESUMED}", "all-presumed", "any-not", "one-of-two", "not-ascites")
    | _same(f"true {PRESUMED}", "one-obstruction-at-most")
    | _same(f"false {PRESUMED}", "all-ascites", "any-presumed", "not-not-ascites")
    | _same(f"false {PRESUMED}", "judgement-ascites", "ascites", "epilepsy", "epilepsy-diagnosed")
    | _same(f"false {PRESUMED}", "growth-factor", "an-obstruction", "obstruction-after-anticoagulant")
    | _same("true", "conditional-ldh"),
)
_register(
    "raised_and_silent",
    [ldh(400), magnesium(0.8)],
    _same(f"false {PRESUMED}", "two-of-three") | _same("true", "any-recorded", "any-presumed"),
)
_register(
    "raised_with_ascites",
    [ldh(400), magnesium(0.6), ascites("confirmed")],
    _same("false", "all-recorded", "all-presumed", "all-ascites", "not-ascites")
    | _same("true", "any-recorded", "any-presumed", "any-not", "two-of-three", "one-of-two", "not-ldh")
    | _same("true", "not-not-ascites", "conditional-ldh", "ascites")
    | {"judgement-ascites": "unknown judgement", "question-ldh": "unknown bound-in-question"},
)
_register(
    "high_with_ascites_refuted",
    [ldh(700), ascites("refuted")],
    _same("false", "all-recorded", "conditional-ldh", "judgement-ascites", "question-ldh", "ascites")
    | _same("true", "any-recorded", "any-presumed", "not-ascites")
    | {"not-not-ascites": "false", "two-of-three": "unknown no-record"},
)
_register(
    "normal_with_ascites_refuted",
    [ldh(200), magnesium(0.8), ascites("refuted")],
    _same("false", "two-of-three", "any-presumed", "any-recorded") | _same("true", "all-presumed"),
)
_register(
    "normal_with_ascites",
    [ldh(240), ascites("confirmed")],
    _same("true", "all-ascites", "conditional-ldh", "question-ldh")
    | _same("false", "all-presumed", "any-not", "one-of-two"),
)
_register(
    "stale_with_ascites_provisional",
    [ldh(200, 50), magnesium(0.8), ascites("provisional")],
    _same("unknown stale", "all-recorded", "any-recorded", "not-ldh")
    | _same("unknown unconfirmed", "two-of-three", "all-ascites", "any-presumed", "judgement-ascites")
    | _same("unknown unconfirmed", "ascites", "not-ascites", "one-of-two")
    | {"conditional-ldh": "unknown unconfirmed", "question-ldh": "unknown stale"},
)
_register(
    "stale_and_silent",
    [ldh(200, 50)],
    _same("unknown stale", "all-recorded", "any-recorded", "any-presumed", "all-presumed", "conditional-ldh")
    | _same(f"true {PRESUMED}", "any-not", "one-of-two"),
)
_register(
    "nothing_measured",
    [],
    _same("unknown no-record", "all-recorded", "any-recorded", "not-ldh", "any-presumed", "conditional-ldh"),
)
_register(
    "normal_with_ascites_provisional",
    [ldh(200), magnesium(0.8), ascites("provisional")],
    {"conditional-ldh": "true", "all-presumed": "unknown unconfirmed", "all-recorded": "true"},
)
_register(
    "raised_with_ascites_provisional",
    [ldh(400), magnesium(0.8), ascites("provisional")],
    {"conditional-ldh": "unknown unconfirmed", "any-presumed": "true", "all-ascites": "false"},
)
_register(
    "anticoagulant_then_obstruction",
    [drug(FILGRASTIM, 10), drug(ENOXAPARIN, 20), obstruction(10)],
    _same("true", "growth-factor", "growth-factor-recent", "anticoagulant", "anticoagulant-washout")
    | _same("true", "obstruction-after-anticoagulant", "an-obstruction")
    | _same(f"true {PRESUMED}", "one-obstruction-at-most"),
)
_register(
    "obstructions_then_anticoagulant",
    [drug(FILGRASTIM, 10, ORDERED), drug(ENOXAPARIN, 5), obstruction(12), obstruction(18)],
    _same("true order-only", "growth-factor")
    | _same("false", "anticoagulant-washout", "one-obstruction-at-most")
    | _same("true", "an-obstruction")
    | _same(f"false {PRESUMED}", "obstruction-after-anticoagulant"),
)
_register(
    "month_of_the_anticoagulant",
    [drug(FILGRASTIM, 50), drug(ENOXAPARIN, 20, month=True), obstruction(12)],
    _same("true", "growth-factor")
    | _same("unknown imprecise-date", "anticoagulant-washout", "obstruction-after-anticoagulant")
    | _same(f"true {PRESUMED}", "one-obstruction-at-most"),
)
_register(
    "anticoagulant_ordered_only",
    [drug(FILGRASTIM, 20, month=True), drug(ENOXAPARIN, 20, ORDERED), obstruction(10)],
    _same("unknown order-only", "anticoagulant", "anticoagulant-washout", "obstruction-after-anticoagulant")
    | _same("unknown imprecise-date", "growth-factor-recent"),
)
_register(
    "obstruction_on_one_day_or_two",
    [obstruction(20, month=True), obstruction(12)],
    _same("unknown imprecise-date", "one-obstruction-at-most") | _same("true", "an-obstruction"),
)
_register(
    "obstruction_twice_on_one_day",
    [obstruction(12), obstruction(12)],
    _same(f"true {PRESUMED}", "one-obstruction-at-most") | _same("true", "an-obstruction"),
)
_THROMBOSIS = (ICD10CM, "I82.409")
_register("recent_thrombosis", [disease("thrombosis", _THROMBOSIS, 30)], {"thrombosis": "true"})
_register("old_thrombosis", [disease("thrombosis", _THROMBOSIS, 200)], {"thrombosis": f"false {PRESUMED}"})
_register(
    "month_of_the_thrombosis",
    [disease("thrombosis", _THROMBOSIS, 75, month=True)],
    {"thrombosis": "unknown imprecise-date"},
)
_register(
    "diabetes_of_unknown_type",
    [disease("diabetes", (ICD10, "E14.9"), 2000)],
    {"type-1-diabetes": "unknown coarser-code"},
)
_register(
    "epileptic",
    [disease("epilepsy", (ICD10CM, "G40.909"), 2000)],
    {"epilepsy": "true", "epilepsy-diagnosed": "true"},
)
_register(
    "seizure",
    [disease("epilepsy", (ICD10CM, "R56.9"), 90)],
    {"epilepsy": "unknown judgement", "epilepsy-diagnosed": "unknown judgement"},
)
_register(
    "epilepsy_refuted",
    [disease("epilepsy", (ICD10CM, "G40.909"), 90, status="refuted")],
    {"epilepsy": "false", "epilepsy-diagnosed": "false"},
)
_UNIT = "m[IU]/mL"
_register("antibody", [anti_hbs(45, _UNIT)], {"anti-hbs": "true"})
_register("antibody_below_detection", [anti_hbs(3, _UNIT)], {"anti-hbs": "false"})
_register("antibody_without_unit", [anti_hbs(45, None)], {"anti-hbs": "unknown no-unit"})
_register("antibody_in_a_mass", [anti_hbs(45, "mg/dL")], {"anti-hbs": "unknown incomparable-unit"})
_register("antibody_below_a_limit", [anti_hbs(20, _UNIT, "<")], {"anti-hbs": "unknown censored-value"})
