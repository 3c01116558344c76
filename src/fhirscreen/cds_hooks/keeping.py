"""Calls kept for debugging, with their patient data: only where a setting says so."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

FOLDER = Path("fhirscreen-calls")
"""Where kept calls go, in the working folder; nothing but a person deletes them."""


def keep(folder: Path, service: str, body: bytes, said: Mapping[str, Any], at: datetime) -> None:
    """Writes a call, without what it lends, and the answer into a file that its owner alone may read."""
    try:
        call = orjson.loads(body)
    except orjson.JSONDecodeError:
        call = body.decode("utf-8", "backslashreplace")
    if isinstance(call, dict):
        call.pop("fhirAuthorization", None)
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / f"{at:%Y%m%dT%H%M%S}-{uuid.uuid4().hex}.json"
    handle = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as opened:
        opened.write(orjson.dumps({"service": service, "at": at, "call": call, "answer": said}))
