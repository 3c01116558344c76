"""Strategies for patients whose records hit the concepts that `screenable` criteria ask for.

Values lie about the bounds, dates about the ends of windows; units, statuses, partial dates and links are
those that real servers send. What cannot be read, and no server would store, comes only with `broken`.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.lib.records import (
    Code,
    Resource,
    allergy,
    condition,
    dispensed,
    given,
    observation,
    ordered,
    patient,
    procedure,
    quantity,
    reference,
    taken,
)

RELATED = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-related-condition"
Records = list[Resource]


def _codes(system: str, *codes: str) -> list[Code]:
    return [Code(system, code) for code in codes]


CANCERS = [*_codes("snomed", "363402007", "276804009", "276803003"), *_codes("icd-10", "C15.4", "C15.9")]
OTHER_CANCERS = _codes("snomed", "254837009", "399068003")
DIAGNOSES = [
    *_codes("snomed", "230690007", "275526006", "94381002", "94391008", "94392001", "128462008", "13645005"),
    *_codes("snomed", "44054006", "73211009", "69896004", "22298006", "169745008"),
    *_codes("icd-10", "I63.9", "G45.4", "J96.1", "C78.7", "L10.0"),
]
DRUGS = [
    *_codes("atc", "L01XA01", "L01BA01", "L01FF02", "H02AB06", "L03AA02", "L01BC02"),
    *_codes("snomed", "387318005"),
]
PROCEDURES = _codes("snomed", "108290001", "367336001", "45900003")
REASONS: list[Code | str] = [
    *_codes("icd-10", "C15.9", "C50.9", "R11", "M06.9"),
    *_codes("snomed", "69896004"),
    "cancer",
]
ROUTES = _codes("snomed", "26643006", "47625008", "6064005")

MEASURES: dict[str, tuple[list[str], tuple[str, ...]]] = {
    "777-3": (["99.9", "100", "100.1", "250", "50", "150"], ("10*9/L", "10*3/uL", "K/uL", "", "g/L")),
    "718-7": (["10.9", "11", "110", "109.9", "12", "6.8262"], ("g/dL", "g/L", "mmol/L", "")),
    "2160-0": (["0.9", "1", "1.4", "2", "80", "123.76"], ("mg/dL", "umol/L")),
    "1742-6": (["30", "80", "90", "91", "200"], ("U/L", "[IU]/L", "ukat/L", "")),
    "29463-7": (["50", "72", "90", "120"], ("kg", "[lb_av]")),
    "8302-2": (["150", "170", "1.7", "180"], ("cm", "m")),
    "33728-7": (["4", "10", "10.1", "40"], ("cm", "mm")),
    "8480-6": (["130", "140", "150"], ("mm[Hg]",)),
    "6690-2": (["5", "5000", "10"], ("10*9/L", "/uL")),
    "770-8": (["29", "30", "70"], ("%",)),
    "751-8": (["1.4", "1.5", "6"], ("10*9/L",)),
    "731-0": (["0", "2", "3"], ("10*9/L",)),
    "17861-6": (["2.4", "2.6", "10"], ("mmol/L", "mg/dL")),
    "1751-7": (["30", "3", "45"], ("g/L", "g/dL")),
    "2164-2": (["40", "50", "60"], ("mL/min",)),
}
CATEGORIES: dict[str, list[Code]] = {
    "89247-1": _codes("loinc", "LA9622-7", "LA9623-5", "LA9624-3", "LA9999-9"),
    "89243-0": _codes("loinc", "LA29176-7", "LA29178-3"),
    "21905-5": _codes("ajcc", "T2", "T3", "cT3", "T4", "T4a", "T4b", "TX", "ypT2"),
    "21899-0": _codes("ajcc", "pT2", "T3", "TX"),
    "21911-3": _codes("ajcc", "T3", "cT3", "pT3", "T4"),
    "21907-1": _codes("ajcc", "M0", "M1", "M1a", "MX"),
    "5196-1": _codes("snomed", "10828004", "260385009", "82334004"),
    "56888-1": _codes("snomed", "10828004", "260385009"),
    "97509-4": _codes("snomed", "271299001", "359746009", "709137006"),
    "31206-6": _codes("icd-o-3", "8070/3", "8140/3", "8083/3"),
}
TEXTS = ["1", "ECOG 1", "0-1", "cT3", "T4", "T3 N1 M0", "positive", "<5 U/L", "120 g/L", "see report"]

dates = st.sampled_from(
    [
        "2026-11-01", "2026-10-31", "2026-10-20", "2026-10-20", "2026-10-04", "2026-10-03",
        "2026-10-20T08:00:00Z", "2026-10-20T10:00:00+02:00", "2026-10", "2026-11", "2026",
        "2026-09-20", "2026-09-01", "2026-08-03",
        "2026-05-01", "2026-04-30", "2025-03-01", "2010", "2026-11-02", "2026-11-01T23:30:00Z",
    ]
)  # fmt: skip
maybe_dates = dates | st.none()


@st.composite
def measurements(draw: st.DrawFn) -> Resource:
    """A measured value with its unit, its reference range and its links."""
    code = draw(st.sampled_from(sorted(MEASURES)))
    numbers, units = MEASURES[code]
    unit = draw(st.sampled_from(units))
    number = draw(st.sampled_from(numbers))
    sign = draw(st.sampled_from(["", "", "", "", "<", "<=", ">", ">="]))
    value = f"{sign}{number} {unit}".strip()
    more: dict[str, Any] = {}
    if code == "1742-6" and draw(st.booleans()):
        more["high"] = draw(st.sampled_from(["45 U/L", "45", "0.75 ukat/L"]))
    return observation(
        Code("loinc", code),
        draw(st.none() | st.just(value)) if draw(st.integers(0, 9)) == 0 else value,
        on=draw(maybe_dates if draw(st.integers(0, 9)) == 0 else dates),
        status=draw(statuses),
        focus=draw(focuses),
        **more,
    )


statuses = st.sampled_from(["final"] * 8 + ["amended", "preliminary", "cancelled", "entered-in-error"])
focuses = st.sampled_from([None, None, None, "cancer", "other"])


@st.composite
def categories(draw: st.DrawFn) -> Resource:
    """A coded value, or a text, an integer or nothing in its place."""
    code = draw(st.sampled_from(sorted(CATEGORIES)))
    form = draw(st.sampled_from(["coded"] * 6 + ["text", "integer", "boolean", "empty"]))
    forms: dict[str, dict[str, Any]] = {
        "coded": {"coded": draw(st.sampled_from(CATEGORIES[code]))},
        "text": {"text": draw(st.sampled_from(TEXTS))},
        "integer": {"integer": draw(st.sampled_from([0, 1, 2, 70, 80]))},
        "boolean": {"boolean": draw(st.booleans())},
        "empty": {},
    }
    value = forms[form]
    return observation(
        Code("loinc", code), on=draw(dates), status=draw(statuses), focus=draw(focuses), **value
    )


verifications = st.sampled_from(["confirmed"] * 6 + ["unconfirmed", "provisional", "refuted", None])


@st.composite
def diagnoses(draw: st.DrawFn) -> Resource:
    """A condition with its status, its dates, its severity and its link to the cancer."""
    clinical = draw(
        st.sampled_from(["active", "active", "active", "resolved", "inactive", "remission", None])
    )
    more: dict[str, Any] = {}
    if draw(st.integers(0, 3)) == 0:
        related = reference(draw(st.sampled_from(["cancer", "other"])))
        more["extension"] = [{"url": RELATED, "valueReference": related}]
    if draw(st.integers(0, 4)) == 0:
        more["severity"] = Code("snomed", draw(st.sampled_from(["255604002", "24484000"])))
    # R4, con-4: what has ended is not active
    ended = draw(st.none() | dates) if clinical not in ("active", None) else None
    return condition(
        draw(st.sampled_from(DIAGNOSES)),
        on=draw(maybe_dates),
        until=ended,
        clinical=clinical,
        verification=draw(verifications),
        **more,
    )


reasons = st.none() | st.sampled_from(REASONS)
routes = st.none() | st.sampled_from(ROUTES)
drugs = st.sampled_from(DRUGS)
doses = st.builds(
    given,
    drugs,
    on=dates,
    status=st.sampled_from(["completed", "completed", "stopped", "not-done", "unknown"]),
    reason=reasons,
    route=routes,
)
courses = st.builds(
    taken,
    drugs,
    on=st.sampled_from(["2026-03-01", "2026-10-04", "2026-08"]),
    until=st.sampled_from([None, "", "2026-10-20", "2026-11-20"]),
    status=st.sampled_from(["active", "completed", "not-taken", "intended"]),
    reason=reasons,
    route=routes,
)
dispenses = st.builds(dispensed, drugs, on=dates, status=st.sampled_from(["completed", "cancelled"]))
orders = st.builds(
    ordered,
    drugs,
    on=dates,
    status=st.sampled_from(["active", "stopped", "draft"]),
    intent=st.sampled_from(["order", "order", "plan", "proposal"]),
)
procedures = st.builds(
    procedure,
    st.sampled_from(PROCEDURES),
    on=dates,
    status=st.sampled_from(["completed", "in-progress", "stopped", "not-done", "unknown"]),
    reason=reasons,
)
therapies = st.one_of(doses, doses, courses, dispenses, orders, procedures)
allergies = st.builds(
    allergy,
    st.just(Code("snomed", "293637006")),
    on=dates,
    verification=st.sampled_from(["confirmed", "unconfirmed", "refuted"]),
)
records = st.one_of(
    measurements(), measurements(), categories(), categories(), diagnoses(), therapies, allergies
)
persons = st.builds(
    lambda gender, born: patient(gender=gender, birthDate=born),
    st.sampled_from(["male", "female", "male", "female", "other", None]),
    st.sampled_from(["1956-10-20", "1960-05-20", "2008-11-01", "2008-11-02", "2008-11", "2008", None]),
)


@st.composite
def broken(draw: st.DrawFn) -> Resource:
    """A record with an element of a form that R4 does not give it."""
    record = draw(records)
    name = draw(st.sampled_from(sorted(record)))
    junk = draw(
        st.sampled_from([None, "soon", 7, True, [], {}, [None], {"coding": "x"}, ["x"], {"value": "12"}])
    )
    return record if name in ("resourceType", "id") else {**record, name: junk}


@st.composite
def twins(draw: st.DrawFn) -> Records:
    """Two results of one test on one day, which may differ, in unit too."""
    one, other = draw(measurements()), draw(measurements())
    same: Resource = {name: one[name] for name in ("code", "effectiveDateTime") if name in one}
    value = {
        "valueQuantity": quantity(draw(st.sampled_from(["120 g/L", "9 10*9/L", "400 10*9/L", "95 U/L"])))
    }
    return [one, {**other, **same, **value}]


@st.composite
def patients(draw: st.DrawFn, *, malformed: bool = False, most: int = 8) -> Records:
    """The records of one patient, most of them with the cancer that `screenable` studies are about."""
    found = [draw(persons)]
    cancer = draw(st.sampled_from(CANCERS))
    clinical = draw(st.sampled_from(["active", "active", "active", "remission"]))
    verification = draw(st.sampled_from(["confirmed"] * 8 + ["provisional", "refuted"]))
    on = draw(st.sampled_from(["2026-09-01", "2026-10-01", "2026-03-01", None]))
    found.append(condition(cancer, id="cancer", on=on, clinical=clinical, verification=verification))
    second = draw(st.sampled_from(["active", "resolved", "resolved"]))
    other = draw(st.sampled_from([*OTHER_CANCERS, Code("snomed", "195967001", "asthma")]))
    found.append(condition(other, id="other", clinical=second))
    one = st.one_of(records, broken()) if malformed else records
    found += draw(st.lists(one, max_size=most))
    if draw(st.booleans()):
        found += draw(twins())
    return found
