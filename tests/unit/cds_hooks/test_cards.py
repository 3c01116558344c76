"""Cards: short summaries, plain Markdown, nothing sensitive, and ids that stay."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fhirscreen.cds_hooks.cards import (
    Frame,
    Suggestion,
    card_uuid,
    make_card,
    suggestion_uuid,
    summary,
    visit_uuid,
)
from fhirscreen.criteria.studies import Study
from fhirscreen.outputs.disclosures import FURTHER_REVIEW_SAYS
from fhirscreen.values.truth import FALSE, UNKNOWN
from fhirscreen.verdicts.proofs import Proof
from fhirscreen.verdicts.reasons import Basis, Reason
from fhirscreen.verdicts.standings import Status, Subject, Verdict
from tests.lib.cds_messages import CARD, validate
from tests.lib.demo import demo_plan, demo_screened

FRAME = Frame("https://fhir.example.org/r4", "https://trials.example.org", "Example", demo_plan().catalogue)


def study() -> Study:
    return demo_plan().studies[0].study


def subject(status: Status = Status.POTENTIAL_CANDIDATE) -> Subject:
    return next(s for s in demo_screened().subjects if s.study == study().id and s.status is status)


def card_of(found: Subject, of: Study | None = None) -> dict[str, Any]:
    card = make_card("instance", [Suggestion(of or study(), found)], FRAME)
    validate(card, CARD)
    return card


def test_a_summary_is_one_short_sentence() -> None:
    long = replace(study(), title="Long " * 100 + "\n title")
    assert len(summary([long])) < 140
    assert "\n" not in summary([long])
    assert len(summary([long, long])) < 140
    card_of(subject(), long)


def test_two_studies_are_in_one_card() -> None:
    pair = [Suggestion(study(), subject()), Suggestion(replace(study(), id="NCT2"), subject())]
    card = make_card("instance", pair, FRAME)
    validate(card, CARD)
    assert [len(card[each]) for each in ("suggestions", "links")] == [2, 2]
    assert "NCT06907602 and NCT2" in card["summary"]


def test_what_a_record_says_is_no_markup() -> None:
    found = subject()
    first = found.verdicts[0]
    hostile = first._replace(
        proof=Proof(UNKNOWN, Basis.RECORDED, Reason.STALE, value="<img src=x>[a](http://x)", date="2026")
    )
    detail = card_of(found._replace(verdicts=(hostile, *found.verdicts[1:])))["detail"]
    assert "<img" not in detail
    assert "[a](" not in detail


def _pregnancy(truth: Any, basis: Basis, reason: Reason | None) -> Verdict:
    criterion = study().criterion("pregnancy")
    return Verdict(
        study().id, "p", criterion, Proof(truth, basis, reason, ("Observation/1",), value="positive")
    )


def test_a_sensitive_reason_reads_further_review_needed() -> None:
    found = subject(Status.CANDIDATE)
    rest = tuple(v for v in found.verdicts if v.criterion.id != "pregnancy")
    open_ = _pregnancy(UNKNOWN, Basis.RECORDED, Reason.UNCONFIRMED)
    card = card_of(found._replace(verdicts=(*rest, open_)))
    told = str(card)
    assert FURTHER_REVIEW_SAYS in card["detail"]
    assert open_.criterion.says not in told
    assert "further-review-needed" in told
    met = _pregnancy(FALSE, Basis.RECORDED, None)
    assert met.criterion.says not in str(card_of(found._replace(verdicts=(met,))))


def test_a_title_that_names_something_sensitive_is_not_told() -> None:
    for title in ("Anal cancer with HIV infection", "Lymphoma in HIV", "Cancer in Pregnancy"):
        card = card_of(subject(), replace(study(), title=title))
        assert title not in str(card)
        assert card["summary"] == f"May fit the trial {study().id}"
        assert card["links"][0]["label"] == f"Why {study().id}"
    for title in (study().title, "Chivalry in trials", "Tumour DNA in blood"):
        assert title in card_of(subject(), replace(study(), title=title))["summary"]


def test_ids_are_the_same_for_the_same_call() -> None:
    assert card_of(subject()) == card_of(subject())
    visit = visit_uuid("a", "https://ehr.example", "https://ehr.example/r4", "1")
    assert card_uuid(visit, ["x"]) != card_uuid(visit, ["x", "y"])
    assert suggestion_uuid(visit, "x") != suggestion_uuid(visit, "y")
    others = [
        visit_uuid("b", "https://ehr.example", "https://ehr.example/r4", "1"),
        visit_uuid("a", "https://other.example", "https://ehr.example/r4", "1"),
        visit_uuid("a", "https://ehr.example", "https://other.example/r4", "1"),
        visit_uuid("a", "https://ehr.example", "https://ehr.example/r4", "2"),
    ]
    assert len({visit, *others}) == 5
    assert len({card_uuid(each, ["x"]) for each in others} | {card_uuid(visit, ["x"])}) == 5


def test_a_date_of_birth_is_not_shown() -> None:
    found = subject()
    (age,) = [verdict for verdict in found.verdicts if verdict.criterion.id == "age"]
    assert age.proof.date
    assert "years" in card_of(found)["detail"]
    assert f"years, {age.proof.date[:4]}" not in card_of(found)["detail"]
    assert not [line for line in card_of(found)["detail"].splitlines() if "years, " in line]
