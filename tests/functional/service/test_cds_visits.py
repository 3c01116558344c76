"""Visits that meet: two hooks at once, two patients under one hookInstance, an answer that comes too late."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from fhirscreen.bootstrap.clinics import make_clinic
from fhirscreen.cds_hooks.calls import read_call
from fhirscreen.cds_hooks.visits import answer
from fhirscreen.store import cards
from fhirscreen.values.durations import AsOf
from tests.functional.service.test_cds_feedback import overridden
from tests.functional.service.test_cds_hooks import FITS, SITE, VIEW, prefetch
from tests.functional.service.test_cds_hooks import cards as shown
from tests.lib.demo import STUDIES
from tests.lib.ehr import chart, make_call, noon, resolve
from tests.lib.service import client_of, service_for

GIVEN: dict[str, Any] = {"studies": list(STUDIES), "site": SITE, "cds": {"required": False}}


def test_feedback_is_about_the_patient_whose_card_it_is(tmp_path: Path) -> None:
    with service_for(tmp_path, clock=noon, **GIVEN) as service, client_of(service) as ehr:
        sent = prefetch(ehr, FITS)
        other = json.loads(json.dumps(chart(FITS)).replace(FITS, "other"))
        templates = ehr.get("/cds-services").json()["services"][0]["prefetch"]
        (first,) = shown(ehr, make_call(FITS, sent, hookInstance="same"))
        (second,) = shown(ehr, make_call("other", resolve(templates, other), hookInstance="same"))
        assert first["uuid"] != second["uuid"]
        said = {"feedback": [overridden(second["uuid"], "patient-declined")]}
        assert ehr.post(f"{VIEW}/feedback", json=said).status_code == 200
        with service.database.reading() as session:
            card = cards.find_card(session, second["uuid"])
            assert card is not None
            assert card.patient == "other"
            assert cards.refused(session, card.base, FITS) == set()
            assert cards.refused(session, card.base, "other") == set(card.studies)


def test_two_hooks_of_a_visit_at_once_show_one_card(tmp_path: Path) -> None:
    with service_for(tmp_path, clock=noon, **GIVEN) as service, client_of(service) as ehr:
        sent = prefetch(ehr, FITS)
        clinic = make_clinic(service)
        both, got = threading.Barrier(2), list[int]()

        def as_of() -> AsOf:  # asked for after what was shown, and before what is shown now
            both.wait(20)
            return clinic.as_of()

        meeting = replace(clinic, as_of=as_of)

        def visit(hook: str) -> None:
            call = read_call(f"trials-{hook}", orjson.dumps(make_call(FITS, sent, hook=hook)))
            got.append(len(answer(meeting, call).body["cards"]))

        threads = [
            threading.Thread(target=visit, args=(each,)) for each in ("patient-view", "encounter-start")
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert sorted(got) == [0, 1]


def test_a_card_that_comes_too_late_does_not_count_as_shown(tmp_path: Path) -> None:
    with service_for(tmp_path, clock=noon, **GIVEN) as service, client_of(service) as ehr:
        call = read_call("trials-patient-view", orjson.dumps(make_call(FITS, prefetch(ehr, FITS))))
        clinic = make_clinic(service)
        found = answer(clinic, call, "", lambda: True)
        assert (found.body, found.outcome) == ({"cards": []}, "too late")
        assert answer(clinic, call).outcome == "card"
