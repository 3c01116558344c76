"""A run of the service is told once: by a signed webhook and a mail, in counts, with no patient data."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from fhirscreen import synthetic
from fhirscreen.bootstrap.background import make_worker
from fhirscreen.jobs.screenings import SCREEN
from fhirscreen.notifications.senders import Sender
from fhirscreen.store import changes, jobs, subjects
from fhirscreen.store.standings import LISTED
from tests.lib.demo import STUDIES
from tests.lib.listings import list_messages
from tests.lib.receivers import endpoint, mail_server
from tests.lib.service import service_for

NOON = datetime(synthetic.AS_OF.year, synthetic.AS_OF.month, synthetic.AS_OF.day, 12, tzinfo=UTC)


def test_a_run_is_told_once(tmp_path: Path) -> None:
    export = tmp_path / "export"
    synthetic.write_ndjson(synthetic.generate(patients=60), export)
    with endpoint() as there, mail_server(tmp_path, tls="none") as post:
        given: dict[str, Any] = {
            "folders": {"export": export},
            "studies": STUDIES,
            "site": Path("mappings/sites/demo.yaml"),
            "access": {"mode": "token"},
            "public_url": "https://trials.h.test",
            "notify": {
                "webhook_url": there.url, "webhook_secret": "s", "smtp_host": "127.0.0.1",
                "smtp_port": post.port, "smtp_tls": "none", "mail_from": "f@h.test", "mail_to": ["a@h.test"],
            },
            "workers": 1,
        }  # fmt: skip
        with service_for(tmp_path, clock=lambda: NOON, **given) as service:
            (sender,) = (each for each in service.background if isinstance(each, Sender))
            for _ in range(2):  # the second finds nothing new
                with service.database.begin() as session:
                    jobs.enqueue(session, SCREEN, {}, by="ito", at=NOON)
                assert make_worker(service).work_once()
                while sender.send_once():
                    pass
            with service.database.reading() as session:
                assert {each.state for each in list_messages(session)} == {"sent"}
                assert not changes.any_pending(session)
                listed = {
                    id: subjects.count_subjects(session, study=id, status=LISTED)
                    for id in ("NCT06907602", "NCT06190782")
                }
            samples = service.metrics.text().decode()
    (call,) = there.calls
    signed = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}.".encode() + call.body
    digest = base64.b64encode(hmac.new(b"s", signed, hashlib.sha256).digest()).decode()
    assert call.headers["webhook-signature"] == f"v1,{digest}"
    told = {each["study"]: each for each in json.loads(call.body)["data"]["studies"]}
    assert {id: each["new"] for id, each in told.items()} == listed
    assert min(listed.values()) > 0
    assert told["NCT06907602"]["url"] == "https://trials.h.test/studies/NCT06907602"
    (envelope,) = post.box.envelopes
    content = cast(bytes, envelope.content).decode()
    assert f"{listed['NCT06907602']} new" in content
    patients = {line["id"] for line in map(json.loads, (export / "Patient.ndjson").read_text().splitlines())}
    assert not [id for id in patients if id in call.body.decode() or id in content]
    assert 'fhirscreen_notifications_total{channel="webhook",outcome="sent"} 1.0' in samples
