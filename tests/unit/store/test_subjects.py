"""What a screening found, as the store keeps it: statuses, changes, verdicts, paging."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from fhirscreen.engines.base import Gated
from fhirscreen.exceptions import BadInput, Conflict
from fhirscreen.fhir.subjects import subject_uuid
from fhirscreen.store import changes, outlines, subjects
from fhirscreen.store.changes import StoredChange
from fhirscreen.store.databases import Database
from fhirscreen.store.standings import NOT_IN_POPULATION
from fhirscreen.verdicts.standings import Gate, Subject
from tests.lib.subjects import BASE, STUDY, subject

AT = datetime(2026, 5, 31, 4, tzinfo=UTC)
DAY = timedelta(days=1)
Said = dict[str, str | tuple[str, str]]
FITS: Said = {"stage": "true", "platelets": "true"}
OPEN: Said = {"stage": "true", "platelets": "no-record"}
FAILS: Said = {"stage": "true", "platelets": ("false", "80")}


def record(
    database: Database,
    found: Sequence[Subject] = (),
    gated: Sequence[Gated] = (),
    *,
    looked_at: Collection[str] | None = None,
    at: datetime = AT,
    studies: Collection[str] = (STUDY,),
) -> list[StoredChange]:
    with database.begin() as session:
        return subjects.record_subjects(
            session,
            run="run",
            base=BASE,
            subjects=found,
            gated=gated,
            looked_at=looked_at,
            studies=dict.fromkeys(studies, 1),
            at=at,
        )


def stored(database: Database, patient: str = "p1") -> subjects.StoredSubject:
    with database.reading() as session:
        found = subjects.find_subject(session, subject_uuid(STUDY, BASE, patient))
    assert found is not None
    return found


def said(found: list[StoredChange]) -> list[tuple[str, str | None, str | None, tuple[str, ...]]]:
    return [(change.patient, change.before, change.after, change.criteria) for change in found]


def test_a_new_candidate_is_a_change(database: Database) -> None:
    assert said(record(database, [subject("p1", FITS)])) == [("p1", None, "candidate", ())]
    found = stored(database)
    assert (found.status, found.version, found.run, found.evaluated_at) == ("candidate", 1, "run", AT)
    with database.reading() as session:
        verdicts = subjects.find_verdicts(session, found.id)
    assert [(v.criterion, v.truth, v.standing) for v in verdicts] == [
        ("stage", "true", "met"),
        ("platelets", "true", "met"),
    ]
    assert verdicts[0].proof["basis"] == "recorded"


def test_nothing_new_changes_nothing_but_when_it_was_looked_at(database: Database) -> None:
    record(database, [subject("p1", OPEN)])
    assert record(database, [subject("p1", OPEN)], at=AT + DAY) == []
    found = stored(database)
    assert (found.version, found.changed_at, found.evaluated_at) == (1, AT, AT + DAY)


def test_a_listed_one_who_fails_becomes_ineligible(database: Database) -> None:
    record(database, [subject("p1", OPEN)])
    changed = record(database, [subject("p1", FAILS)], at=AT + DAY)
    assert said(changed) == [("p1", "potential-candidate", "ineligible", ("platelets",))]
    with database.reading() as session:
        assert subjects.find_verdicts(session, stored(database).id)[1].value == "80"
    assert said(record(database, [subject("p1", FITS)])) == [
        ("p1", "ineligible", "candidate", ("platelets",))
    ]


def test_one_who_never_fitted_is_stored_without_a_status_or_a_change(database: Database) -> None:
    assert record(database, [subject("p1", FAILS)]) == []
    assert stored(database).status is None
    assert said(record(database, [subject("p1", OPEN)])) == [
        ("p1", None, "potential-candidate", ("platelets",))
    ]


@pytest.mark.parametrize("now", [OPEN, FAILS])
def test_incomplete_data_demotes_nobody(database: Database, now: Said) -> None:
    record(database, [subject("p1", FITS)])
    record(database, [subject("p1", now, complete=False)], at=AT + DAY)
    found = stored(database)
    assert (found.status, found.complete) == ("candidate", False)
    record(database, [subject("p1", now)], at=AT + 2 * DAY)
    assert stored(database).status == ("potential-candidate" if now is OPEN else "ineligible")


def test_a_night_without_the_server_is_told_to_nobody(database: Database) -> None:
    record(database, [subject("p1", FITS)])
    lacking: Said = {"stage": "true", "platelets": "not-fetched"}
    assert record(database, [subject("p1", lacking, complete=False)], at=AT + DAY) == []
    assert record(database, [subject("p1", FITS)], at=AT + 2 * DAY) == []


def test_another_reason_while_listed_is_a_change_and_another_value_is_not(database: Database) -> None:
    record(database, [subject("p1", {"stage": ("true", "T3"), "platelets": "no-record"})])
    stale = subject("p1", {"stage": ("true", "T4a"), "platelets": "stale"})
    assert said(record(database, [stale])) == [
        ("p1", "potential-candidate", "potential-candidate", ("platelets",))
    ]
    newer = subject("p1", {"stage": ("true", "T4b"), "platelets": "stale"})
    assert record(database, [newer], at=AT + DAY) == []
    found = stored(database)
    assert (found.version, found.changed_at) == (3, AT + DAY)
    with database.reading() as session:
        assert subjects.find_verdicts(session, found.id)[0].value == "T4b"


def test_a_gate_ends_it_and_takes_the_verdicts(database: Database) -> None:
    record(database, [subject("p1", FITS)])
    changed = record(database, gated=[Gated(STUDY, "p1", Gate.DECEASED), Gated(STUDY, "p2", Gate.OBJECTED)])
    assert said(changed) == [("p1", "candidate", "ineligible", ())]
    found = stored(database)
    assert (found.gate, stored(database, "p2").status) == ("deceased", None)
    with database.reading() as session:
        assert subjects.find_verdicts(session, found.id) == []


def test_who_left_the_population_is_ineligible_only_when_looked_at(database: Database) -> None:
    record(database, [subject("p1", FITS), subject("p2", FITS)])
    assert record(database, looked_at=()) == []
    changed = record(database, looked_at={"p1"}, at=AT + DAY)
    assert said(changed) == [("p1", "candidate", "ineligible", ())]
    assert (stored(database).gate, stored(database, "p2").status) == (NOT_IN_POPULATION, "candidate")
    assert said(record(database, at=AT + 2 * DAY)) == [("p2", "candidate", "ineligible", ())]
    assert stored(database).evaluated_at == AT + DAY, "who is outside is not touched again, and ages"


def test_other_studies_and_bases_are_left_alone(database: Database) -> None:
    record(database, [subject("p1", FITS)])
    assert record(database, studies=["NCT00000002"]) == []
    assert stored(database).status == "candidate"


def test_a_criterion_that_the_study_dropped_goes(database: Database) -> None:
    record(database, [subject("p1", OPEN)])
    changed = record(database, [subject("p1", {"stage": "true", "consent": "ask-in-person"})])
    assert changed[0].criteria == ("consent", "platelets")
    with database.reading() as session:
        assert [v.criterion for v in subjects.find_verdicts(session, stored(database).id)] == [
            "stage",
            "consent",
        ]


def test_a_persons_status_stays(database: Database) -> None:
    record(database, [subject("p1", FITS)])
    id = stored(database).id
    with database.begin() as session:
        set_ = subjects.set_person_status(
            session, id, "eligible", by="Dr Ito", reason="seen", at=AT + DAY, expected=1
        )
    assert (set_.current_status, set_.version) == ("eligible", 2)
    with pytest.raises(Conflict), database.begin() as session:
        subjects.set_person_status(session, id, "withdrawn", by="x", reason=None, at=AT, expected=1)
    record(database, [subject("p1", FAILS)], at=AT + 2 * DAY)
    found = stored(database)
    assert (found.status, found.person_status, found.current_status) == ("ineligible", "eligible", "eligible")
    assert found.version == 3
    with database.reading() as session:
        assert subjects.count_subjects(session, status="eligible") == 1
        assert subjects.count_subjects(session, status="ineligible") == 0
    with pytest.raises(BadInput), database.begin() as session:
        subjects.set_person_status(session, "none", "eligible", by="x", reason=None, at=AT)


def test_pages_follow_the_list(database: Database) -> None:
    found = [
        subject("p4", FAILS),
        subject("p3", OPEN),
        subject("p2", FITS),
        subject("p1", OPEN, planned_start="2026-06-10"),
        subject("P5", FITS),
    ]
    record(
        database,
        [*found, *(subject(each.patient, FITS, of="NCT00000002") for each in found)],
        studies=[STUDY, "NCT00000002"],
    )
    order = ["p1", "P5", "p2", "p3", "p4"]
    with database.reading() as session:
        page: list[str] = []
        after = None
        while two := subjects.find_subjects(session, study=STUDY, after=after, limit=2):
            page += [each.patient for each in two]
            after = two[-1].id
        assert page == order
        assert subjects.count_subjects(session) == 10
        assert subjects.count_subjects(session, study=STUDY, status=["candidate"]) == 2
        assert [s.study for s in subjects.find_subjects(session, patient="p4", base=BASE)] == [
            STUDY,
            "NCT00000002",
        ]
        with pytest.raises(BadInput):
            subjects.find_subjects(session, after="gone")


def test_changes_are_told_once(database: Database) -> None:
    record(database, [subject("p1", FITS), subject("p2", FITS)])
    with database.begin() as session:
        waiting = changes.pending(session)
        assert [change.patient for change in waiting] == ["p1", "p2"]
        changes.mark_notified(session, [waiting[0].id], AT + DAY)
        assert [change.patient for change in changes.pending(session)] == ["p2"]
        assert [c.notified_at for c in changes.list_changes(session, AT)] == [AT + DAY, None]
        assert changes.list_changes(session, AT + DAY) == []


def test_only_what_changed_is_written(database: Database) -> None:
    def found(value: str) -> list[Subject]:
        said: list[Said] = [
            {f"c{n}": ("true", value if p == n == 3 else "1") for n in range(9)} for p in range(9)
        ]
        return [subject(f"p{p}", verdicts) for p, verdicts in enumerate(said)]

    written: list[tuple[str, int]] = []

    def watch(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        table = re.match(r"(?:INSERT INTO|UPDATE|DELETE FROM) (\w+)", statement)
        if table:
            written.append((table[1], len(parameters) if isinstance(parameters, list) else 1))

    record(database, found("1"))
    with database.begin() as session:
        engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", watch)
    record(database, found("1"))
    assert written == [("subjects", 1)], "one statement says when all of them were looked at"
    written.clear()
    record(database, found("2"))
    assert sorted(written) == [("subjects", 1), ("subjects", 1), ("verdicts", 1)]
    event.remove(engine, "before_cursor_execute", watch)


def test_a_long_run_does_not_undo_what_was_found_meanwhile(database: Database) -> None:
    """The night's run reads at two, an update at three has newer data, the run is written at four."""
    hour = timedelta(hours=1)

    def write(found: Sequence[Subject], began: datetime, at: datetime, version: int = 1) -> list[str]:
        with database.begin() as session:
            changed = subjects.record_subjects(
                session, run="run", base=BASE, subjects=found, gated=(), looked_at=None,
                studies={STUDY: version}, at=at, began=began,
            )  # fmt: skip
        return [change.patient for change in changed]

    night = AT - DAY
    write([subject("p1", OPEN), subject("p2", OPEN), subject("p3", OPEN)], night, night + hour)
    assert write([subject("p1", FITS), subject("p2", OPEN), subject("p3", OPEN)], AT + hour, AT + hour) == [
        "p1"
    ]
    assert write([subject("p1", OPEN), subject("p2", FITS)], AT, AT + 2 * hour) == []
    assert stored(database).status == "candidate"
    assert stored(database, "p3").gate is None, "and nobody is taken to have left"
    assert stored(database).evaluated_at == AT + hour
    # the study is another now: what was found of the one before does not stand in the way
    assert "p1" in write([subject("p1", FAILS)], AT, AT + 2 * hour, version=2)


def test_what_is_open_alike_is_told_apart_by_what_is_missing(database: Database) -> None:
    def missing(patient: str, what: str) -> Subject:
        found = subject(patient, OPEN)
        verdicts = tuple(
            each._replace(proof=each.proof._replace(because=what))
            if each.criterion.id == "platelets"
            else each
            for each in found.verdicts
        )
        return found._replace(verdicts=verdicts)

    patients = {
        "p1": "missing: sex",
        "p2": "missing: body weight",
        "p3": "missing: sex",
        "p4": "missing: sex",
    }
    record(database, [missing(patient, what) for patient, what in patients.items()])
    with database.reading() as session:
        found = outlines.tally_open(session, STUDY, 0)
    assert sorted((each.criterion, each.number) for each in found) == [("platelets", 1), ("platelets", 3)]
