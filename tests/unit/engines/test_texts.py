"""What words say of a category: one value, without doubt, or none."""

from __future__ import annotations

import pytest

from fhirscreen.engines.evaluator.texts import in_short, read_text, says_nothing
from tests.lib.proofs import proof, said
from tests.lib.records import Code, observation
from tests.spec.codes import CLINICAL_T, ECOG, T
from tests.spec.tables import catalogue

STAGED = Code("loinc", "21914-7", "stage group")


@pytest.mark.parametrize(
    ("concept", "text", "value"),
    [
        ("t-category", "cT3", "T3"),
        ("t-category", "T3 N1-2 M0", "T3"),
        ("t-category", "T3 N? M0", "T3"),
        ("t-category", "pT2(m)", "T2"),
        ("n-category", "T2-3 N1", "N1"),
        ("m-category", "T3/4 N1 M0", "M0"),
        ("m-category", "pT3 pN1a (2/15) M0", "M0"),
        ("stage-group", "Stage IIIA (AJCC 8)", "IIIA"),
        ("stage-group", "Ⅲ期", "III"),
        ("ecog-performance-status", "ECOG：1分", "1"),
        ("hepatitis-b-surface-antigen", "阴性(-)", "negative"),
        ("hepatitis-b-surface-antigen", "阳性(+)", "positive"),
        ("hepatitis-b-surface-antigen", "+-", "indeterminate"),
        ("nyha-class", "NYHA II", "II"),
        ("child-pugh-class", "Child-Pugh A5", "A"),
    ],
)
def test_one_value_is_read(concept: str, text: str, value: str) -> None:
    assert read_text(catalogue().concepts[concept], text) == {value}


@pytest.mark.parametrize(
    ("concept", "text"),
    [
        ("t-category", "T2-3"),
        ("t-category", "T2/T3"),
        ("t-category", "cT2\u2013T3 N1"),
        ("t-category", "T3 or T4"),
        ("t-category", "T4a/b"),
        ("t-category", "T3?"),
        ("t-category", "T3, possibly T4b"),
        ("t-category", "T3 excluded"),
        ("n-category", "T3 N1-2 M0"),
        ("n-category", "N0 (?)"),
        ("m-category", "M0/1"),
        ("stage-group", "II-III"),
        ("stage-group", "Stage IVA or IVB"),
        ("stage-group", "IIIA-B"),
        ("stage-group", "Stage III ruled out"),
        *(
            ("t-category", f"T3{rest}")
            for rest in ("～4", "－4", "~4", "或4", "？", "可能", "待定", " unsicher")
        ),
        *(("t-category", f"T3 {rest}") for rest in ("nicht sicher", "likely", "or higher", "free", "evtl 4")),
        ("t-category", "T2DM"),
        *(("ecog-performance-status", f"0{rest}") for rest in (" - not assessed", " (unknown)")),
        *(("ecog-performance-status", f"1{rest}") for rest in (" (or worse)", "; now two or three", "-")),
        *(("hepatitis-b-surface-antigen", f"negative {rest}") for rest in ("(+)", "(1+)", "(阳性)")),
        *(("hepatitis-b-surface-antigen", f"positive{rest}") for rest in (" (-)", " (2010)", ", previously")),
        ("hepatitis-b-surface-antigen", "present: absent"),
        ("her2-status", "negative (IHC 2+, FISH amplified)"),
        ("n-category", "N2 previously"),
        *(("m-category", text) for text in ("no M1", "not M1", "nicht M1", "No M1 disease")),
        ("m-category", "M0 at diagnosis, now liver metastases"),
        *(
            ("stage-group", f"II{rest}")
            for rest in (", later IV", " → IV", ", III", "～III", " and IV", " B")
        ),
        ("stage-group", "III, progression to IV"),
        ("stage-group", "I do not know"),
        ("nyha-class", "NYHA II-III"),
        ("child-pugh-class", "Child-Pugh A/B"),
    ],
)
def test_no_value_is_guessed(concept: str, text: str) -> None:
    found = catalogue().concepts[concept]
    assert read_text(found, text) == frozenset()
    assert not says_nothing(text), "it says something: an older record does not decide"


@pytest.mark.parametrize(
    "text",
    ["", "-", "not done", "Specimen haemolysed", "nicht beurteilbar", "ausstehend", "n/a", "TNP (clotted)"],
)
def test_words_that_say_there_is_no_result_say_nothing(text: str) -> None:
    assert says_nothing(text)


@pytest.mark.parametrize("text", ["see the letter", "tumour of 3 cm", "+", "?", "n.d.", "none", "+/-", "5"])
def test_any_other_words_may_say_something(text: str) -> None:
    assert not says_nothing(text)


@pytest.mark.parametrize(
    ("concept", "text", "values"),
    [
        ("ecog-performance-status", "ECOG 0-1", {"0", "1"}),
        ("ecog-performance-status", "2 to 1", {"1", "2"}),
        ("karnofsky-performance-status", "KPS 70-90 %", {"70", "80", "90"}),
        ("ecog-performance-status", "0 or 7", set()),
    ],
)
def test_a_range_is_all_of_its_values(concept: str, text: str, values: set[str]) -> None:
    assert read_text(catalogue().concepts[concept], text) == values


def test_the_prefix_tells_how_a_category_was_assessed() -> None:
    asked = "finding: {concept: t-category, staging: STAGING, in: [T2]}"
    for text, staging in (
        ("uT2", "clinical"),
        ("mrT2", "clinical"),
        ("pT2", "pathological"),
        ("ymrT2", "post-therapy"),
    ):
        for each in ("clinical", "pathological", "post-therapy"):
            found = said(proof(asked.replace("STAGING", each), observation(T, text=text)))
            assert found == (("true", "") if each == staging else ("unknown", "no-record")), (text, each)


def test_a_stage_of_three_is_no_imaging() -> None:
    found = proof(
        "finding: {concept: stage-group, staging: clinical, in: [III]}", observation(STAGED, text="III")
    )
    assert said(found) == ("unknown", "coarser-code")


@pytest.mark.parametrize(
    ("asked", "code", "old", "new"),
    [
        ("t-category, staging: clinical, in: [T3, T4a]", CLINICAL_T, "T2", "T2-3"),
        ("ecog-performance-status, in: ['0', '1']", ECOG, "2", "0/1"),
    ],
)
def test_what_is_in_doubt_now_is_not_decided_by_what_was_before(
    asked: str, code: object, old: str, new: str
) -> None:
    criterion = f"finding: {{concept: {asked}}}"
    before = observation(code, text=old, on="2026-10-05")  # type: ignore[arg-type]
    assert said(proof(criterion, before)) == ("false", "")
    after = observation(code, text=new, on="2026-10-20")  # type: ignore[arg-type]
    assert said(proof(criterion, before, after)) == ("unknown", "coarser-code")
    words = observation(code, text="see the letter", on="2026-10-20")  # type: ignore[arg-type]
    assert said(proof(criterion, before, words)) == ("unknown", "coarser-code")
    words = observation(code, text="not assessed", on="2026-10-20")  # type: ignore[arg-type]
    assert said(proof(criterion, before, words)) == ("false", "")


def test_a_paragraph_is_no_value_to_show() -> None:
    long = "Pat. Erika Muster, geb. 3.4.1951: " + "AZ reduziert. " * 300
    found = proof("finding: {concept: ecog-performance-status, in: ['0']}", observation(ECOG, text=long))
    assert (*said(found), found.value) == ("unknown", "coarser-code", "in words")
    assert in_short(" see the \t letter ") == "see the letter"
    assert in_short("two\nlines") == "in words"
