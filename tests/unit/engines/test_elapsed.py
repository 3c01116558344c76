"""Time since an event: which record counts, and the days at both ends of a bound."""

from __future__ import annotations

import pytest

from tests.lib.proofs import proof, said
from tests.lib.records import concept, condition, given, observation, ordered
from tests.spec.codes import CISPLATIN, DISEASE_STATUS, PROGRESSING, STROKE, snomed

THERAPY = "since: {received: {concept: systemic-chemotherapy}}"
IMPRECISE = ("unknown", "imprecise-date")


def since(bound: str, *days: str, which: str = "latest") -> tuple[str, str]:
    records = [given(CISPLATIN, on=day) for day in days]
    found = proof(f"elapsed: {{{THERAPY}, which: {which}, {bound}}}", *records)
    return said(found)


@pytest.mark.parametrize(
    ("bound", "day", "found"),
    [
        ("at_least: 28 d", "2026-10-04", ("true", "")),
        ("at_least: 28 d", "2026-10-05", ("false", "")),
        ("above: 28 d", "2026-10-03", ("true", "")),
        ("above: 28 d", "2026-10-04", ("false", "")),
        ("at_most: 28 d", "2026-10-04", ("true", "")),
        ("at_most: 28 d", "2026-10-03", ("false", "")),
        ("below: 28 d", "2026-10-05", ("true", "")),
        ("below: 28 d", "2026-10-04", ("false", "")),
        ("at_least: 15 d", "2026-10", IMPRECISE),
        ("above: 15 d", "2026-10", IMPRECISE),
        ("at_most: 15 d", "2026-10", IMPRECISE),
        ("below: 15 d", "2026-10", IMPRECISE),
        ("at_least: 1 d", "2026-10", ("true", "")),
        ("above: 1 d", "2026-10", IMPRECISE),
        ("at_most: 31 d", "2026-10", ("true", "")),
        ("below: 31 d", "2026-10", IMPRECISE),
        ("at_least: 31 d", "2026-10", IMPRECISE),
        ("above: 31 d", "2026-10", ("false", "")),
        ("at_most: 1 d", "2026-10", IMPRECISE),
        ("below: 1 d", "2026-10", ("false", "")),
    ],
)
def test_a_bound_counts_whole_days(bound: str, day: str, found: tuple[str, str]) -> None:
    assert since(bound, day) == found


def test_the_latest_is_not_the_day_before_it() -> None:
    assert since("at_least: 13 d", "2026-10-19", "2026-10-20") == ("false", "")
    assert since("at_least: 12 d", "2026-10-19", "2026-10-20") == ("true", "")


def test_the_first_is_not_the_day_after_it() -> None:
    assert since("at_most: 12 d", "2026-10-19", "2026-10-20", which="first") == ("false", "")
    assert since("at_most: 13 d", "2026-10-19", "2026-10-20", which="first") == ("true", "")


@pytest.mark.parametrize("sure", ["2026-10-02", "2026-10-10"])
@pytest.mark.parametrize("bound", ["at_least: 28 d", "at_most: 28 d"])
@pytest.mark.parametrize("which", ["latest", "first"])
def test_a_month_that_holds_the_bound_settles_nothing(sure: str, bound: str, which: str) -> None:
    assert since(bound, sure, "2026-10", which=which) == IMPRECISE


def test_an_order_after_the_last_dose_decides_only_where_both_agree() -> None:
    asked = f"elapsed: {{{THERAPY}, at_least: 28 d}}"
    order = ordered(CISPLATIN, on="2026-10-25")
    lately = proof(asked, given(CISPLATIN, on="2026-10-20"), order)
    assert said(lately) == ("false", "")
    assert len(lately.evidence) == 2
    before = proof(asked, given(CISPLATIN, on="2026-08-01"), order)
    assert said(before) == ("unknown", "order-only")
    unsure = proof(asked, given(CISPLATIN, on="2026-10"), ordered(CISPLATIN, on="2026-10"))
    assert said(unsure) == ("unknown", "order-only")


def test_an_order_alone_settles_nothing() -> None:
    found = proof(f"elapsed: {{{THERAPY}, at_least: 28 d}}", ordered(CISPLATIN))
    assert said(found) == ("unknown", "order-only")


@pytest.mark.parametrize(
    ("bound", "found"),
    [("at_least: 28 d", "true"), ("at_most: 28 d", "false"), ("at_least: 1 d, at_most: 9 d", "false")],
)
def test_what_never_was_is_infinitely_long_ago(bound: str, found: str) -> None:
    everything = {"complete": {"Condition": "lifelong", "medications": "lifelong", "Procedure": "lifelong"}}
    never = proof(f"elapsed: {{{THERAPY}, {bound}}}", site=everything)
    assert said(never) == (found, "absence-presumed")
    silent = proof(f"elapsed: {{{THERAPY}, {bound}}}")
    assert said(silent) == ("unknown", "no-record")


def test_a_finding_that_is_another_is_no_event() -> None:
    asked = "elapsed: {since: {finding: {concept: tumour-response, in: [progressing]}}, at_most: 6 mo}"
    assert said(proof(asked, observation(DISEASE_STATUS, coded=PROGRESSING))) == ("true", "")


@pytest.mark.parametrize(
    ("sites", "found"),
    [
        (("10200004", "39607008"), "true"),
        (("10200004", "10200004"), "unknown"),
        (("10200004", None), "true"),
        ((None, None), "unknown"),
    ],
)
def test_occurrences_of_one_code_are_told_apart_by_their_sites(
    sites: tuple[str | None, ...], found: str
) -> None:
    records = [
        condition(STROKE, bodySite=[concept(snomed(site, "a site"))] if site else None) for site in sites
    ]
    asked = "count: {of: {condition: {concept: stroke}}, at_least: 2, distinct: value}"
    assert proof(asked, *records).truth.value == found
