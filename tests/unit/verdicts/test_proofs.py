"""Proofs of compounds: truth, basis, reason, evidence, and what a tree shows."""

from __future__ import annotations

from itertools import product

import pytest

from fhirscreen.values.truth import Truth, at_least
from fhirscreen.verdicts.proofs import Proof, compound, read_proof, threshold, without_birth
from fhirscreen.verdicts.reasons import RANK, STRENGTH, Basis, Reason, first_reason, strongest, weakest

TRUE = Proof(Truth.TRUE, Basis.RECORDED, None, ("Observation/1",), "1", "kg", "2026-10-20", "a")
DERIVED = Proof(Truth.TRUE, Basis.DERIVED, None, ("Observation/2",), "2", "g", "2026-10-21", "b")
FALSE = Proof(Truth.FALSE, Basis.RECORDED, None, ("Condition/3",), says="c")
PRESUMED = Proof(Truth.FALSE, Basis.PRESUMED, Reason.ABSENCE_PRESUMED, says="d")
ORDERED = Proof(Truth.TRUE, Basis.PRESUMED, Reason.ORDER_ONLY, ("MedicationRequest/4",))
STALE = Proof(Truth.UNKNOWN, Basis.RECORDED, Reason.STALE, ("Observation/5",), "5")
MISSING = Proof(Truth.UNKNOWN, Basis.MISSING, Reason.NO_RECORD)
ALL = ["MedicationRequest/4", "Observation/1", "Observation/2"]
ASKED = Proof(Truth.UNKNOWN, Basis.CONFIRM, Reason.ASK_IN_PERSON)


def test_reasons_have_the_order_that_is_promised() -> None:
    assert [reason.value for reason in sorted(Reason, key=RANK.__getitem__)] == [
        "ask-in-person", "unread", "not-fetched", "bound-in-question", "conflicting", "ambiguous-focus",
        "coarser-code", "unconfirmed", "order-only", "judgement", "stale", "no-value", "no-unit",
        "incomparable-unit", "implausible-value", "no-reference-range", "censored-value", "imprecise-date",
        "not-computable", "no-record", "absence-presumed",
    ]  # fmt: skip


def test_bases_go_from_the_strongest_to_the_weakest() -> None:
    assert sorted(Basis, key=STRENGTH.__getitem__) == [
        Basis.RECORDED,
        Basis.DERIVED,
        Basis.PRESUMED,
        Basis.CONFIRM,
        Basis.MISSING,
    ]
    assert strongest([Basis.MISSING, Basis.DERIVED]) is Basis.DERIVED
    assert weakest([Basis.MISSING, Basis.DERIVED]) is Basis.MISSING


def test_the_first_reason_of_none_is_none() -> None:
    assert first_reason([]) is None
    assert first_reason([Reason.NO_RECORD, Reason.STALE, Reason.NO_UNIT]) is Reason.STALE


@pytest.mark.parametrize("truths", list(product((TRUE, FALSE, MISSING), repeat=3)))
@pytest.mark.parametrize("needed", [1, 2, 3])
def test_truth_is_that_of_at_least(needed: int, truths: tuple[Proof, ...]) -> None:
    found = threshold(needed, truths, "says")
    assert found.truth is at_least(needed, [proof.truth for proof in truths])
    assert found.children == truths
    assert found.says == "says"


@pytest.mark.parametrize(
    ("needed", "children", "basis", "reason", "evidence"),
    [
        (1, [TRUE, DERIVED], "recorded", None, ["Observation/1", "Observation/2"]),
        (2, [DERIVED, TRUE], "derived", None, ["Observation/1", "Observation/2"]),
        (2, [TRUE, DERIVED, ORDERED], "derived", None, ALL),
        (3, [TRUE, DERIVED, ORDERED], "presumed", "order-only", ALL),
        (2, [TRUE, FALSE], "recorded", None, ["Condition/3"]),
        (2, [FALSE, PRESUMED], "recorded", None, ["Condition/3"]),
        (1, [FALSE, PRESUMED], "presumed", "absence-presumed", ["Condition/3"]),
        (3, [TRUE, MISSING, STALE], "recorded", "stale", ["Observation/5"]),
        (2, [STALE, ASKED], "confirm", "ask-in-person", ["Observation/5"]),
        (2, [TRUE, MISSING], "missing", "no-record", []),
    ],
)  # fmt: skip
def test_basis_reason_and_evidence(
    needed: int, children: list[Proof], basis: str, reason: str | None, evidence: list[str]
) -> None:
    found = threshold(needed, children)
    assert found.basis == basis
    assert found.reason == reason
    assert list(found.evidence) == evidence


def test_a_single_decider_shows_its_value() -> None:
    assert threshold(2, [TRUE, FALSE._replace(value="9")])[4:7] == ("9", "", "")
    assert threshold(1, [TRUE, FALSE])[4:7] == ("1", "kg", "2026-10-20")
    assert threshold(1, [TRUE, DERIVED])[4:7] == ("", "", "")


def test_evidence_of_several_is_sorted_and_without_repeats() -> None:
    twice = TRUE._replace(evidence=("Observation/9", "Observation/1"))
    assert compound(Truth.TRUE, [twice, TRUE], 1, (twice, TRUE)).evidence == (
        "Observation/1",
        "Observation/9",
    )


def test_a_tree_leaves_out_what_is_empty() -> None:
    whole = threshold(2, [TRUE, PRESUMED], "both")
    assert whole.tree() == {
        "says": "both",
        "truth": "false",
        "basis": "presumed",
        "reason": "absence-presumed",
        "children": [
            {
                "says": "a",
                "truth": "true",
                "basis": "recorded",
                "value": "1",
                "unit": "kg",
                "date": "2026-10-20",
                "evidence": ["Observation/1"],
            },
            {"says": "d", "truth": "false", "basis": "presumed", "reason": "absence-presumed"},
        ],
    }
    assert next(iter(whole.tree())) == "says"
    assert MISSING.tree() == {"truth": "unknown", "basis": "missing", "reason": "no-record"}


@pytest.mark.parametrize("truth", list(Truth))
@pytest.mark.parametrize("basis", list(Basis))
def test_a_proof_is_read_back_as_it_was_written_down(truth: Truth, basis: Basis) -> None:
    reason = Reason.NO_VALUE if truth is Truth.UNKNOWN else None
    leaf = Proof(truth, basis, reason, ("Observation/1",), "11.2", "g/dL", "2026-11-03", "haemoglobin")
    proof = Proof(truth, basis, reason, says="all of", children=(leaf, Proof(Truth.TRUE, Basis.RECORDED)))
    assert read_proof(proof.tree()) == proof


def test_what_is_no_proof_is_not_read() -> None:
    with pytest.raises(KeyError):
        read_proof({"truth": "true"})
    with pytest.raises(ValueError, match="perhaps"):
        read_proof({"truth": "perhaps", "basis": "recorded"})


def test_a_proof_without_the_birth_has_the_rest() -> None:
    born = Proof(Truth.TRUE, Basis.RECORDED, None, ("Patient/1",), "54", "a", "1972-03-04", "Age >= 18")
    measured = Proof(Truth.TRUE, Basis.RECORDED, None, ("Observation/1",), "3", "a", "2026-01-01", "years")
    whole = Proof(Truth.TRUE, Basis.RECORDED, children=(born, measured))
    assert without_birth(whole) == whole._replace(children=(born._replace(date=""), measured))
    assert without_birth(measured) is measured
