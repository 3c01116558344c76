"""Webhooks are signed as Standard Webhooks has it, and sent again under the same id."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from fhirscreen.exceptions import UsageError
from fhirscreen.notifications.channels import Undelivered
from fhirscreen.notifications.webhooks import Webhook, origin, sign, signing_key
from fhirscreen.store.outbox import StoredMessage
from tests.lib.receivers import endpoint

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - the example of the standard


def message(body: dict[str, Any]) -> StoredMessage:
    return StoredMessage("m1", "webhook", "", body, "k", "waiting", 1, None, AT, AT, None, None, None)


def test_the_signature_of_the_standard() -> None:
    # The example of the Standard Webhooks libraries.
    signed = sign(signing_key(SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_is_base64_or_text() -> None:
    assert signing_key("whsec_" + base64.b64encode(b"key").decode()) == b"key"
    assert signing_key("key") == b"key"
    with pytest.raises(UsageError, match="cannot be read"):
        signing_key("whsec_???")


def test_what_is_posted_can_be_verified() -> None:
    with endpoint() as there:
        hook = Webhook(there.url + "/hooks/7f3", SECRET)
        hook.send(message({"b": "ä", "a": 1}), AT)
        hook.close()
    (call,) = there.calls
    assert (call.path, json.loads(call.body)) == ("/hooks/7f3", {"a": 1, "b": "ä"})
    assert call.headers["content-type"] == "application/json"
    assert (call.headers["webhook-id"], call.headers["webhook-timestamp"]) == ("m1", "1772442000")
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    digest = hmac.new(key, b"m1.1772442000." + call.body, hashlib.sha256).digest()
    assert call.headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
    assert origin(there.url + "/hooks/7f3") == there.url


@pytest.mark.parametrize(("status", "again"), [(500, True), (404, True), (301, True), (410, False)])
def test_what_is_not_taken_is_undelivered(status: int, again: bool) -> None:
    with endpoint(status) as there, pytest.raises(Undelivered) as told:
        Webhook(there.url, "s").send(message({}), AT)
    assert (str(told.value), told.value.again) == (f"status {status}", again)
    assert len(there.calls) == 1


def test_nobody_there_is_undelivered() -> None:
    with endpoint() as there:
        url = there.url
    with pytest.raises(Undelivered, match="no answer") as told:
        Webhook(url, "s").send(message({}), AT)
    assert told.value.again
    assert url not in str(told.value)
