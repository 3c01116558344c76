"""Mail goes out by a real SMTP server, secured, with counts and links."""

from __future__ import annotations

import email
import email.policy
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import SecretStr

from fhirscreen.notifications.channels import Undelivered
from fhirscreen.notifications.mail import Mail, subject_line
from fhirscreen.settings.groups import NotifySettings
from fhirscreen.store.outbox import StoredMessage
from tests.lib.receivers import Post, mail_server

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
COUNTS = {"new": 3, "no_longer": 0, "changed": 1, "review_again": 2}
BODY = {
    "type": "subjects.changed",
    "timestamp": AT.isoformat(),
    "data": {
        "site": "Mitte",
        "runs": ["r1"],
        "studies": [
            {"study": "NCT1", "title": "Ösophagus\nBcc: x@y", **COUNTS, "url": "https://h.test/studies/NCT1"}
        ],
    },
}
MESSAGE = StoredMessage("m1", "mail", "", BODY, "k", "waiting", 1, None, AT, AT, None, None, None)


def channel(post: Post, *, trust: ssl.SSLContext | None = None, **more: Any) -> Mail:
    given: dict[str, Any] = {
        "smtp_host": "127.0.0.1",
        "smtp_port": post.port,
        "mail_from": "trials@h.test",
        "mail_to": ("a@h.test", "b@h.test"),
    }
    return Mail(NotifySettings(**(given | more)), trust or post.trust)


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_mail_is_sent_secured(tmp_path: Path, tls: str) -> None:
    with mail_server(tmp_path, tls=tls) as post:
        channel(post, smtp_tls=tls).send(MESSAGE, AT)
    (envelope,) = post.box.envelopes
    assert envelope.rcpt_tos == ["a@h.test", "b@h.test"]
    mail = email.message_from_bytes(cast(bytes, envelope.content), policy=email.policy.default)
    assert mail["Subject"] == "fhirscreen: 3 new in 1 study"
    assert mail["Message-ID"] == "<m1@h.test>"
    assert mail["Bcc"] is None
    body = mail.get_body()
    assert body is not None
    text = body.get_content().replace("\r\n", "\n")
    assert "  3 new\n  1 changed\n  2 to review again" in text
    assert "https://h.test/studies/NCT1" in text
    assert "no longer" not in text
    if tls == "starttls":
        assert post.box.secured == [True]


def test_who_signs_in_is_known_to_the_server(tmp_path: Path) -> None:
    secret = SecretStr("open sesame")
    with mail_server(tmp_path, sign_in=True) as post:
        channel(post, smtp_username="trials", smtp_password=secret).send(MESSAGE, AT)
        with pytest.raises(Undelivered, match="replied 535") as told:
            channel(post, smtp_username="trials", smtp_password=SecretStr("guess")).send(MESSAGE, AT)
    assert set(post.box.users) == {"trials"}
    assert len(post.box.envelopes) == 1
    assert told.value.again  # somebody may set the password right


def test_a_server_that_cannot_be_trusted_gets_nothing(tmp_path: Path) -> None:
    with mail_server(tmp_path) as post, pytest.raises(Undelivered, match="SSLCertVerificationError"):
        channel(post, trust=ssl.create_default_context()).send(MESSAGE, AT)
    assert post.box.envelopes == []


def test_a_server_without_tls_gets_nothing_unless_that_is_set(tmp_path: Path) -> None:
    with mail_server(tmp_path, tls="none") as post:
        with pytest.raises(Undelivered):
            channel(post).send(MESSAGE, AT)
        assert post.box.envelopes == []
        channel(post, smtp_tls="none").send(MESSAGE, AT)
    assert len(post.box.envelopes) == 1


def test_refused_receivers(tmp_path: Path) -> None:
    with mail_server(tmp_path) as post:
        post.box.refuse = {"b@h.test": "550 nobody"}
        with pytest.raises(Undelivered, match="1 of the receivers") as told:
            channel(post).send(MESSAGE, AT)
        assert not told.value.again  # the other one has it
        assert [each.rcpt_tos for each in post.box.envelopes] == [["a@h.test"]]
        post.box.refuse = {"a@h.test": "450 later", "b@h.test": "550 nobody"}
        with pytest.raises(Undelivered, match="every receiver") as told:
            channel(post).send(MESSAGE, AT)
        assert told.value.again


def test_the_subject_says_the_weightiest() -> None:
    studies = [{**COUNTS, "new": 0}, {**COUNTS, "new": 0, "no_longer": 4}]
    assert subject_line({"data": {"studies": studies}}) == "fhirscreen: 4 no longer listed in 2 studies"
