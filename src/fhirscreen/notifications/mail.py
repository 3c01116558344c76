"""E-mail: the same counts and links as plain text, by SMTP."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from fhirscreen.notifications.channels import Undelivered
from fhirscreen.notifications.troubles import FAILED, LATE, MISSED
from fhirscreen.settings.groups import NotifySettings
from fhirscreen.store.outbox import StoredMessage

_SECONDS = 30.0
_FINAL = 500
"""From this reply code on, the server says that trying again will not help (RFC 5321, 4.2.1)."""

_SAYS = {
    "new": "new",
    "no_longer": "no longer on the list",
    "changed": "changed",
    "review_again": "to review again: what spoke against them has changed",
}


_TROUBLES = {
    FAILED: "a job was given up",
    LATE: "the night's run is late",
    MISSED: "the night's run did not begin",
}
_JOBS = {"screen": "screening", "update": "screening of patients with news", "publish": "publication"}


class Mail:
    """Sends messages through one mail server, a connection a message."""

    def __init__(self, settings: NotifySettings, trust: ssl.SSLContext | None = None) -> None:
        """`trust`: whose certificates are good; without it, those that this machine trusts."""
        self._settings = settings
        self._host = settings.smtp_host or "localhost"
        self._trust = trust or ssl.create_default_context()

    def send(self, message: StoredMessage, at: datetime) -> None:
        """Sends it, under the same Message-ID each time. Raises Undelivered."""
        settings = self._settings
        try:
            with self._connect() as server:
                if settings.smtp_tls == "starttls":
                    server.starttls(context=self._trust)
                if settings.smtp_username is not None and settings.smtp_password is not None:
                    server.login(settings.smtp_username, settings.smtp_password.get_secret_value())
                refused = server.send_message(self._compose(message, at))
        except smtplib.SMTPResponseException as error:
            final = error.smtp_code >= _FINAL and not isinstance(error, smtplib.SMTPAuthenticationError)
            raise Undelivered(f"the mail server replied {error.smtp_code}", again=not final) from None
        except smtplib.SMTPRecipientsRefused as error:
            codes = sorted({code for code, _ in error.recipients.values()})
            final = all(code >= _FINAL for code in codes)
            raise Undelivered(f"every receiver was refused ({codes})", again=not final) from None
        except (smtplib.SMTPException, OSError) as error:
            raise Undelivered(f"the mail server was not reached ({type(error).__name__})") from None
        if refused:  # the others have it: again would be twice
            codes = sorted({code for code, _ in refused.values()})
            raise Undelivered(f"{len(refused)} of the receivers were refused ({codes})", again=False)

    def close(self) -> None:
        """Nothing is kept open."""

    def _connect(self) -> smtplib.SMTP:
        if self._settings.smtp_tls == "tls":
            return smtplib.SMTP_SSL(
                self._host, self._settings.smtp_port, timeout=_SECONDS, context=self._trust
            )
        return smtplib.SMTP(self._host, self._settings.smtp_port, timeout=_SECONDS)

    def _compose(self, message: StoredMessage, at: datetime) -> EmailMessage:
        sender = str(self._settings.mail_from)
        mail = EmailMessage()
        mail["Subject"] = subject_line(message.body)
        mail["From"] = sender
        mail["To"] = ", ".join(self._settings.mail_to)
        mail["Date"] = format_datetime(at)
        mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2].rstrip('>') or 'fhirscreen'}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answer from who is on holiday
        mail.set_content(text(message.body))
        return mail


def subject_line(body: Mapping[str, Any]) -> str:
    """What the inbox shows: `fhirscreen: 3 new in 2 studies`."""
    if body.get("type") in _TROUBLES:
        return f"fhirscreen: {_TROUBLES[body['type']]}"
    studies = body["data"]["studies"]
    sums = {name: sum(each[name] for each in studies) for name in _SAYS}
    first = next((name for name, number in sums.items() if number), "changed")
    short = {"no_longer": "no longer listed", "review_again": "to review again"}.get(first, first)
    among = "1 study" if len(studies) == 1 else f"{len(studies)} studies"
    return f"fhirscreen: {sums[first]} {short} in {among}"


def text(body: Mapping[str, Any]) -> str:
    """What stands in the mail."""
    data = body["data"]
    if body.get("type") in _TROUBLES:
        return _trouble(body["type"], data)
    lines = [f"Screening at {data['site']}: what has changed since the last message.", ""]
    for each in data["studies"]:
        lines.append(f"{each['study']}  {each['title']}".rstrip())
        lines += [f"  {each[name]} {says}" for name, says in _SAYS.items() if each[name]]
        lines += [f"  {each['url']}", ""]
    lines += ["This message holds no patient data; the pages behind the links ask who you are."]
    return "\n".join(lines) + "\n"


def _trouble(type: str, data: Mapping[str, Any]) -> str:
    kind = _JOBS.get(data.get("kind", ""), "job")
    says = {
        FAILED: f"At {data['site']} a {kind} was given up, and is not tried again.",
        LATE: f"At {data['site']} the night's run has met trouble since {data.get('since')}. "
        f"It is tried again; the next time at {data.get('again')}.",
        MISSED: f"At {data['site']} the night's run of {data.get('tick')} did not begin: "
        "the service was down, or the run before is not done yet.",
    }
    lines = [says[type], ""]
    lines += [f"Why: {data['what']}"] if "what" in data else []
    lines += [f"What to do: {data['remedy']}"] if "remedy" in data else []
    lines += [
        "",
        "The lists are as they were before.",
        data["url"],
        "",
        "This message holds no patient data.",
    ]
    return "\n".join(lines) + "\n"
