"""Studies with versions, and who recruits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from fhirscreen.criteria.wire import read_study
from fhirscreen.exceptions import Conflict
from fhirscreen.store import studies
from fhirscreen.store.databases import Database
from fhirscreen.store.studies import Recruiting
from tests.lib.subjects import study

AT = datetime(2026, 5, 31, 4, tzinfo=UTC)
DAY = date(2026, 5, 31)
ONE = study("NCT1")


def test_an_equal_definition_is_no_new_version(database: Database) -> None:
    with database.begin() as session:
        first, new = studies.put_study(session, ONE, text="as written", by="ito", at=AT)
        again, newer = studies.put_study(session, ONE, text="reformatted", by="ito", at=AT)
        assert (new, newer, again) == (True, False, first)
        assert (first.version, first.text) == (1, "as written")
        counted = studies.revision(session)
        other, _ = studies.put_study(session, replace(ONE, title="Renamed"), text="", by="ito", at=AT)
        assert (other.version, studies.revision(session)) == (2, counted + 1)
    with database.reading() as session:
        assert studies.find_study(session, "NCT1") == other
        assert studies.find_study(session, "NCT1", 1) == first
        assert studies.find_study(session, "NCT2") is None
        assert [each.version for each in studies.list_studies(session)] == [2]
        assert [each.version for each in studies.list_versions(session, "NCT1")] == [2, 1]
    assert read_study(first.definition) == ONE


@pytest.mark.parametrize("expected", [0, 2])
def test_a_writer_who_read_another_version_loses(database: Database, expected: int) -> None:
    with database.begin() as session:
        studies.put_study(session, ONE, text="", by="ito", at=AT, expected=0)
    with pytest.raises(Conflict, match=r"someone else|already"), database.begin() as session:
        studies.put_study(session, replace(ONE, title="x"), text="", by="ito", at=AT, expected=expected)
    with database.begin() as session:
        assert studies.put_study(session, replace(ONE, title="x"), text="", by="i", at=AT, expected=1)[1]


@pytest.mark.parametrize(
    ("said", "is_open"),
    [
        (None, True),
        (Recruiting("NCT1", "here", open=False), False),
        (Recruiting("NCT1", "elsewhere", open=False), True),
        (Recruiting("NCT1", "here", open=True, opens=date(2026, 6, 1)), False),
        (Recruiting("NCT1", "here", open=True, opens=DAY, closes=DAY), True),
        (Recruiting("NCT1", "here", open=True, closes=date(2026, 5, 30)), False),
        (Recruiting("NCT1", "here", open=True, slots=0), False),
        (Recruiting("NCT1", "here", open=True, slots=1), True),
    ],
)
def test_open_is_what_was_said_of_the_site(
    database: Database, said: Recruiting | None, is_open: bool
) -> None:
    with database.begin() as session:
        studies.put_study(session, ONE, text="", by="ito", at=AT)
        studies.put_study(session, study("NCT2", status="completed"), text="", by="ito", at=AT)
        counted = studies.revision(session)
        if said is not None:
            studies.set_recruiting(session, replace(said, open=not said.open), by="ito", at=AT)
            studies.set_recruiting(session, said, by="ito", at=AT)
            assert studies.revision(session) == counted + 2
            assert studies.find_recruiting(session, said.site) == {"NCT1": said}
        found = [each.id for each in studies.list_open(session, "here", DAY)]
    assert found == (["NCT1"] if is_open else [])
