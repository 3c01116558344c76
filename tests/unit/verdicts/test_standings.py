"""Where criteria stand, what that makes of a subject, and the order of a list."""

from __future__ import annotations

import pytest

from fhirscreen.criteria.nodes import Confirm, Constant, Expression, Unread
from fhirscreen.criteria.studies import Criterion, Kind, Weight
from fhirscreen.values.truth import Truth
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.reasons import Basis
from fhirscreen.verdicts.standings import (
    Gate,
    Standing,
    Status,
    Subject,
    Verdict,
    mirrored,
    ordered,
    priority,
    resolvable,
    standing,
)

INCLUSION, EXCLUSION = Kind.INCLUSION, Kind.EXCLUSION


def verdict(
    id: str, truth: str, kind: Kind = INCLUSION, of: Expression | None = None, **more: object
) -> Verdict:
    criterion = Criterion(id, kind, id, of or Constant(True), **more)  # type: ignore[arg-type]
    return Verdict("S", "p", criterion, Proof(Truth(truth), Basis.RECORDED))


def subject(*verdicts: Verdict, patient: str = "p", planned: str = "") -> Subject:
    return Subject("S", patient, verdicts, planned_start=planned)


@pytest.mark.parametrize(
    ("kind", "truth", "stands"),
    [
        (INCLUSION, "true", "met"), (INCLUSION, "false", "failed"), (INCLUSION, "unknown", "open"),
        (EXCLUSION, "true", "failed"), (EXCLUSION, "false", "met"), (EXCLUSION, "unknown", "open"),
    ],
)  # fmt: skip
def test_polarity(kind: Kind, truth: str, stands: str) -> None:
    assert standing(kind, Truth(truth)) == stands
    assert verdict("c", truth, kind).standing == stands


def test_gates_are_in_their_order() -> None:
    assert [gate.value for gate in Gate] == [
        "merged",
        "inactive",
        "deceased",
        "objected",
        "on-study",
        "declined",
    ]


def test_status() -> None:
    met, failed, unsure = verdict("a", "true"), verdict("b", "false"), verdict("c", "unknown")
    asked, unread = verdict("d", "unknown", of=Confirm("?")), verdict("e", "unknown", of=Unread("x"))
    assert subject(met).status is Status.CANDIDATE
    assert subject(met, asked).status is Status.CANDIDATE
    assert subject(met, unread).status is Status.POTENTIAL_CANDIDATE
    assert subject(met, unsure).status is Status.POTENTIAL_CANDIDATE
    assert subject(failed, unsure, asked).status is None
    whole = subject(met, failed, unsure, asked, unread)
    assert whole.failed == (failed,)
    assert whole.open == (unsure, unread)
    assert whole.to_ask == (asked,)
    assert whole.standing(Standing.OPEN) == (unsure, asked, unread)


def test_near_miss() -> None:
    lab = verdict("lab", "false", recoverable=True)
    twin = verdict("twin", "true", EXCLUSION, mirrors="lab", recoverable=True)
    other = verdict("other", "false")
    assert subject(lab).near_miss is lab
    assert subject(lab, twin).near_miss is lab
    assert subject(twin).near_miss is twin
    assert subject(lab, other).near_miss is None
    assert subject(other).near_miss is None
    assert subject(verdict("a", "true")).near_miss is None
    assert mirrored(twin, [lab, twin])
    assert not mirrored(twin, [twin])
    assert not mirrored(lab, [lab, twin])


def test_resolvable() -> None:
    assert resolvable(verdict("a", "unknown"))
    assert not resolvable(verdict("a", "unknown", ranked=False))
    assert not resolvable(verdict("a", "unknown", of=Confirm("?")))
    assert not resolvable(verdict("a", "unknown", of=Unread("x")))


def test_priority() -> None:
    gate = verdict("g", "unknown", weight=Weight.GATE)
    plain, other = verdict("a", "unknown"), verdict("b", "unknown")
    unread = verdict("u", "unknown", of=Unread("x"))
    met = verdict("m", "true")
    assert priority(subject(gate, plain, unread)) == ("9999", 1, 2, "p")
    twin = verdict("t", "unknown", EXCLUSION, mirrors="a")
    assert priority(subject(gate, plain, twin)) == ("9999", 1, 2, "p")
    assert priority(subject(gate, twin)) == ("9999", 1, 2, "p")
    assert priority(subject(met, planned="2026-11-05")) == ("2026-11-05", 0, 0, "p")
    best_first = [
        subject(gate, plain, planned="2026-11-05", patient="urgent"),
        subject(met, patient="all-met"),
        subject(plain, patient="a"),
        subject(plain, patient="b"),
        subject(plain, other, patient="a"),
        subject(gate, patient="gate-open"),
    ]
    failed = subject(verdict("f", "false"), patient="failed")
    assert ordered([failed, *best_first[::-1]]) == best_first
