"""Strategies for criteria that the shipped mappings can resolve: one for each node of the language.

`tests.lib.strategies.criteria` draws anything that can be written; these ask for what the patients of
`tests.lib.strategies.records` have.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from fhirscreen.criteria.bounds import Bound, Bounds, Distinct, Limit, Staging, Which
from fhirscreen.criteria.nodes import (
    Age,
    AllOf,
    AnyOf,
    AtLeast,
    Condition,
    Conditional,
    Confirm,
    Constant,
    Count,
    Derived,
    Elapsed,
    Expression,
    Finding,
    Judgement,
    Measured,
    Not,
    Question,
    Received,
    Recorded,
    Sequence,
    Sex,
    Unread,
)
from fhirscreen.criteria.studies import Criterion, Kind, OpenQuestion, Population, Study

QUESTION = "open"

MEASURES = {
    "platelet-count": (100.0, 200.0, "10*9/L"),
    "haemoglobin": (11.0, 15.0, "g/dL"),
    "creatinine": (1.0, 1.4, "mg/dL"),
    "alanine-aminotransferase": (45.0, 90.0, "U/L"),
    "body-weight": (50.0, 90.0, "kg"),
    "tumour-size": (4.0, 10.0, "cm"),
    "systolic-blood-pressure": (120.0, 140.0, "mm[Hg]"),
}
DERIVED = {
    "creatinine-clearance": (50.0, 80.0, "mL/min"),
    "body-mass-index": (18.5, 30.0, "kg/m2"),
    "corrected-calcium": (2.2, 2.6, "mmol/L"),
    "neutrophils-from-percent": (1.5, 3.0, "10*9/L"),
    "neutrophil-lymphocyte-ratio": (2.0, 3.0, None),
}
VALUES = {
    "ecog-performance-status": ("0", "1", "2"),
    "t-category": ("T2", "T3", "T4", "T4a", "T4b"),
    "m-category": ("M0", "M1"),
    "hepatitis-b-surface-antigen": ("positive", "negative"),
    "hiv-serology": ("positive",),
    "tumour-response": ("progressing", "stable"),
    "metastasis-site": ("liver", "lung", "lymph-node"),
}
DIAGNOSES = (
    "stroke",
    "liver-metastasis",
    "distant-metastasis",
    "severe-pulmonary-dysfunction",
    "type-2-diabetes",
    "rheumatoid-arthritis",
    "myocardial-infarction",
    "lactation",
    "contrast-media-allergy",
    "oesophageal-squamous-cell-carcinoma",
    "peripheral-neuropathy",
    "icd-10:L10+snomed:13645005",
)
THERAPIES = (
    "systemic-chemotherapy",
    "radiotherapy",
    "systemic-corticosteroid",
    "pd-1-inhibitor",
    "growth-factor",
    "oesophagectomy",
)

windows = st.none() | st.sampled_from(("28 d", "6 mo", "2 a", "1 d"))
closed = st.booleans()


@st.composite
def between(draw: st.DrawFn, low: float, high: float, unit: str | None, limit: Limit | None = None) -> Bounds:
    """A lower bound, an upper one, or both."""
    ends = draw(st.sampled_from(("low", "high", "both")))
    return Bounds(
        Bound(low, unit, limit, draw(closed)) if ends != "high" else None,
        Bound(high, unit, limit, draw(closed)) if ends != "low" else None,
    )


@st.composite
def measured(draw: st.DrawFn) -> Measured:
    """A measurement within bounds, sometimes multiples of a reference limit."""
    concept = draw(st.sampled_from(sorted(MEASURES)))
    low, high, unit = MEASURES[concept]
    bounds = draw(between(low, high, unit))
    if concept == "alanine-aminotransferase" and draw(st.booleans()):
        bounds = draw(between(1.0, 2.0, None, draw(st.sampled_from(Limit))))
    return Measured(concept, bounds, draw(st.sampled_from(Which)), draw(windows))


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    """A category among values, or a diagnosis as a finding."""
    if draw(st.integers(0, 4)) == 0:
        return Finding("oesophageal-squamous-cell-carcinoma")
    concept = draw(st.sampled_from(sorted(VALUES)))
    values = tuple(draw(st.lists(st.sampled_from(VALUES[concept]), min_size=1, max_size=2, unique=True)))
    staging = draw(st.none() | st.sampled_from(Staging)) if concept == "t-category" else None
    sites = ("supraclavicular-lymph-node", "liver") if concept == "m-category" and draw(closed) else ()
    which = draw(st.sampled_from((Which.LATEST, Which.LATEST, Which.FIRST, Which.ANY, Which.EVERY)))
    return Finding(concept, values, staging, which, draw(windows), sites)


conditions = st.builds(
    Condition,
    st.sampled_from(DIAGNOSES),
    st.booleans(),
    windows,
    st.sampled_from(((), (), ("severe",), ("mild", "moderate"))),
)
received = st.builds(
    Received,
    st.sampled_from(THERAPIES),
    windows,
    st.sampled_from((None, None, "index-cancer", "autoimmune-disease")),
    st.sampled_from(((), (), ("oral",), ("intravenous", "oral"))),
    st.sampled_from((None, None, "28 d")),
    st.booleans(),
)
lengths = st.one_of(between(14.0, 28.0, "d"), between(1.0, 6.0, "mo"))
counts = between(1.0, 2.0, None)
events = st.one_of(conditions, received, findings())

LEAVES: dict[type, SearchStrategy[Any]] = {
    Age: st.builds(Age, between(18.0, 70.0, "a")),
    Sex: st.builds(Sex, st.sampled_from(("male", "female"))),
    Measured: measured(),
    Derived: st.sampled_from(sorted(DERIVED)).flatmap(
        lambda name: st.builds(Derived, st.just(name), between(*DERIVED[name]))
    ),
    Finding: findings(),
    Condition: conditions,
    Received: received,
    Elapsed: st.builds(Elapsed, events, lengths, st.sampled_from((Which.FIRST, Which.LATEST))),
    Sequence: st.builds(Sequence, st.one_of(conditions, received), events, windows),
    Count: st.builds(
        Count, st.one_of(events, measured()), counts, st.sampled_from(Distinct), windows, st.booleans()
    ),
    Constant: st.builds(Constant, st.booleans()),
    Confirm: st.just(Confirm("asked in person")),
    Unread: st.just(Unread("not mapped")),
}


def compounds(inner: SearchStrategy[Expression]) -> dict[type, SearchStrategy[Any]]:
    """Every compound over an expression."""
    several = st.lists(inner, min_size=1, max_size=3).map(tuple)
    readings = st.tuples(inner, inner).map(lambda two: (("one", two[0]), ("another", two[1])))
    return {
        AllOf: st.builds(AllOf, several),
        AnyOf: st.builds(AnyOf, several),
        AtLeast: several.flatmap(lambda of: st.builds(AtLeast, st.integers(1, len(of)), st.just(of))),
        Not: st.builds(Not, inner),
        Conditional: st.builds(Conditional, inner, inner, inner),
        Recorded: st.builds(Recorded, inner),
        Judgement: st.builds(Judgement, inner),
        Question: st.builds(Question, st.just(QUESTION), readings),
    }


expressions: SearchStrategy[Expression] = st.recursive(
    st.one_of(*LEAVES.values()), lambda inner: st.one_of(*compounds(inner).values()), max_leaves=5
)
STRATEGIES: dict[type, SearchStrategy[Any]] = {**LEAVES, **compounds(expressions)}


def study(expressions: list[Expression], id: str = "DRAWN") -> Study:
    """A study of oesophageal cancer with these criteria, inclusions and exclusions in turn."""
    kinds = (Kind.INCLUSION, Kind.EXCLUSION)
    ordered = sorted(enumerate(expressions), key=lambda each: each[0] % 2)
    criteria = tuple(
        Criterion(f"c{place}", kinds[place % 2], f"criterion {place}", expression)
        for place, expression in ordered
    )
    asked = OpenQuestion(QUESTION, "which reading?")
    return Study(id, "Drawn", Population("oesophageal-cancer"), criteria, (asked,))
