"""What each node says."""

from __future__ import annotations

import pytest

from fhirscreen.criteria.amounts import say_duration, say_unit
from fhirscreen.criteria.english import say, say_sentence
from fhirscreen.criteria.wire import parse_yaml, read_expression

LABELS = {"alanine-aminotransferase": "ALT", "t-category": "T category", "nyha-class": "NYHA class"}


def said(text: str) -> str:
    return say(read_expression(parse_yaml(text, "")), lambda id: LABELS.get(id, id.replace("-", " ")))


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("age: {at_least: 18 a}", "age at least 18 years"),
        ("age: {above: 1 a, below: 75.5 a}", "age above 1 year and below 75.5 years"),
        ("sex: male", "male sex"),
        ("measured: {concept: platelet-count, at_least: 100 10*9/L}", "platelet count at least 100 × 10⁹/L"),
        (
            "measured: {concept: alanine-aminotransferase, at_most: 2.5 ULN}",
            "ALT at most 2.5 × the upper limit of normal",
        ),
        (
            "measured: {concept: saturation, at_least: 90 %, at_most: 100 %, which: minimum, within: 14 d}",
            "saturation from 90% to 100% (lowest value, in the last 14 days)",
        ),
        ("derived: {quantity: body-mass-index, below: 30 kg/m2}", "body mass index below 30 kg/m²"),
        (
            "finding: {concept: t-category, in: [T3, T4a], staging: clinical}",
            "T category T3 or T4a (assessed clinically)",
        ),
        (
            "finding: {concept: m-category, in: [M1], which: any, sites: [liver, neck-lymph-node]}",
            "m category M1 (any value, at no other site than liver or neck lymph node)",
        ),
        ("finding: {concept: adenocarcinoma}", "adenocarcinoma"),
        ("condition: {concept: stroke}", "stroke at any time"),
        ("condition: {concept: stroke, active: true}", "stroke at present"),
        (
            "condition: {concept: pain, within: 6 mo, severity: [moderate, severe]}",
            "moderate or severe pain in the last 6 months",
        ),
        ("received: {concept: radiotherapy}", "radiotherapy received at any time"),
        (
            (
                "received: {concept: steroid, for: index-cancer, routes: [oral],"
                " minimum_duration: 28 d, current: true}"
            ),
            "steroid for the cancer under study (by oral route, for at least 28 days) received at present",
        ),
        (
            "received: {concept: steroid, within: 2 a, for: asthma}",
            "steroid for asthma received in the last 2 years",
        ),
        (
            "elapsed: {since: {received: {concept: radiotherapy}}, at_least: 28 d}",
            "at least 28 days since the latest radiotherapy",
        ),
        (
            (
                "sequence: {first: {received: {concept: nivolumab}},"
                " then: {condition: {concept: progression}}, within: 1 a}"
            ),
            "progression after nivolumab, within 1 year",
        ),
        (
            "count: {of: {condition: {concept: metastasis}}, distinct: value, complete: false, at_most: 4}",
            "at most 4 different values of metastasis at any time (records are a lower bound)",
        ),
        ("all: [{sex: male}, {not: {condition: {concept: stroke}}}]", "male sex and (no stroke at any time)"),
        (
            "any: [{sex: male}, {all: [{sex: female}, {constant: true}]}]",
            "male sex or (female sex and always)",
        ),
        ("at_least: {n: 1, of: [{sex: male}, {sex: female}]}", "at least 1 of: male sex; female sex"),
        ("not: {finding: {concept: nyha-class, in: [III]}}", "not (NYHA class III)"),
        ("not: {finding: {concept: adenocarcinoma}}", "no adenocarcinoma"),
        (
            "conditional: {when: {sex: male}, then: {constant: false}, otherwise: {sex: female}}",
            "if male sex, then never, otherwise female sex",
        ),
        ("recorded: {condition: {concept: stroke}}", "stroke at any time is on record"),
        ("judgement: {condition: {concept: stroke}}", "stroke at any time, for the investigator to judge"),
        (
            "question: {id: who-counts, readings: {men: {sex: male}, women: {sex: female}}}",
            "depending on the answer to “who counts” (men: male sex; women: female sex)",
        ),
        ("confirm: Is a pregnancy planned?", "asked in person: Is a pregnancy planned?"),
        ("unread: the rest", "not yet read: “the rest”"),
    ],
)
def test_each_node(text: str, english: str) -> None:
    assert said(text) == english


def test_a_sentence_begins_with_a_capital() -> None:
    assert say_sentence(read_expression({"sex": "male"})) == "Male sex"


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        ("10*9/L", "× 10⁹/L"), ("umol/L", "µmol/L"), ("[IU]/mL", "IU/mL"), ("uU/mL", "µU/mL"), ("U/L", "U/L"),
        ("/uL", "/µL"), ("mm[Hg]", "mmHg"), ("mL/min/{1.73_m2}", "mL/min/1.73 m²"), ("1", ""),
    ],
)  # fmt: skip
def test_units(code: str, printed: str) -> None:
    assert say_unit(code) == printed


@pytest.mark.parametrize(
    ("text", "english"),
    [("1 d", "1 day"), ("4 wk", "28 days"), ("18 mo", "18 months"), ("24 mo", "2 years"),
     ("P1Y2M3D", "14 months 3 days"), ("90 min", "1 hour 1800 seconds"), ("0 d", "0 days")],
)  # fmt: skip
def test_durations(text: str, english: str) -> None:
    assert say_duration(text) == english
