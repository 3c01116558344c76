"""Webhooks: JSON by POST, signed (Standard Webhooks 1.0, symmetric signatures: HMAC-SHA256)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import datetime
from urllib.parse import urlsplit

import httpx
import orjson

from fhirscreen.exceptions import UsageError
from fhirscreen.notifications.channels import Undelivered
from fhirscreen.store.outbox import StoredMessage

_SECONDS = 20.0
_PREFIX = "whsec_"


class Webhook:
    """Posts messages to one address. A redirect is not followed: it would carry them elsewhere."""

    def __init__(self, url: str, secret: str, transport: httpx.BaseTransport | None = None) -> None:
        """`secret`: `whsec_` and base64, as the standard has it, or any other text. Raises UsageError."""
        self._url = url
        self._key = signing_key(secret)
        self._http = httpx.Client(
            transport=transport,
            timeout=_SECONDS,
            headers={"User-Agent": "fhirscreen"},
            follow_redirects=False,
        )

    def send(self, message: StoredMessage, at: datetime) -> None:
        """Posts it, under the same `webhook-id` each time; raises Undelivered without a 2xx."""
        body = orjson.dumps(message.body, option=orjson.OPT_SORT_KEYS)
        timestamp = str(int(at.timestamp()))
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message.id,
            "webhook-timestamp": timestamp,
            "webhook-signature": sign(self._key, message.id, timestamp, body),
        }
        try:
            status = self._http.post(self._url, content=body, headers=headers).status_code
        except httpx.HTTPError as error:
            raise Undelivered(f"no answer ({type(error).__name__})") from None
        if status == httpx.codes.GONE:  # the standard's word for: never again
            raise Undelivered("status 410", again=False)
        if not httpx.codes.is_success(status):
            raise Undelivered(f"status {status}")

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()


def origin(url: str) -> str:
    """Where a webhook leads, fit to be stored: its path may be a secret of its own."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def signing_key(secret: str) -> bytes:
    """The key that a secret stands for. Raises UsageError for `whsec_` without base64 after it."""
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise UsageError(
            "the secret of the webhook cannot be read",
            where="FHIRSCREEN_NOTIFY__WEBHOOK_SECRET",
            expected="whsec_ followed by base64, or any other text",
        ) from None


def sign(key: bytes, id: str, timestamp: str, body: bytes) -> str:
    """The value of `webhook-signature`."""
    signed = b".".join((id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
