"""What a client takes, sends and prefers (FHIR R4, http.html; RFC 9110, 12.5; RFC 7240)."""

from __future__ import annotations

from email.message import Message

from fastapi import Request

from fhirscreen.api.outcomes import FHIR_JSON, Refusal

JSON = "application/json"
NDJSON = "application/fhir+ndjson"
FORM = "application/x-www-form-urlencoded"

_FORMATS = {"json": FHIR_JSON, FHIR_JSON: FHIR_JSON, JSON: JSON, "text/json": JSON}
_VERSIONS = {"", "4.0", "4.0.1"}


def media_of(request: Request, *, also: tuple[str, ...] = ()) -> str:
    """The media type to answer with. Raises Refusal (406) where the client takes none that we give.

    `_format` goes before `Accept`; `also` are other types that this address gives.
    """
    asked = request.query_params.get("_format")
    if asked is not None:
        # A plus in a query is a space to most parsers, and is meant as a plus by those who write one.
        name = asked.partition(";")[0].strip().lower().replace(" ", "+")
        if (found := _FORMATS.get(name)) is None and name not in also:
            raise _not_given(asked)
        return found or name
    accepted = ",".join(request.headers.getlist("accept"))
    if not accepted:
        return FHIR_JSON
    best, weight = "", 0.0
    for part in accepted.split(","):
        name, quality = _taken(part, also)
        if name and quality > weight:
            best, weight = name, quality
    if not best:
        raise _not_given(accepted)
    return best


def _taken(part: str, also: tuple[str, ...]) -> tuple[str, float]:
    """What we give that fits one range of an Accept, and how much it is wanted."""
    kind, parameters = _read(part)
    try:
        quality = float(parameters.get("q", "1"))
    except ValueError:
        quality = 0.0
    if parameters.get("fhirversion", "") not in _VERSIONS:
        return "", 0.0
    if kind in ("*/*", "application/*"):
        return FHIR_JSON, quality
    return (kind if kind in (FHIR_JSON, JSON, *also) else ""), quality


def _read(text: str) -> tuple[str, dict[str, str]]:
    """A media type and its parameters, in small letters."""
    message = Message()
    message["Content-Type"] = text.strip() or "none/none"
    parameters = {name.lower(): str(value) for name, value in message.get_params(failobj=[])[1:]}
    return message.get_content_type() if "/" in text else "", parameters


def _not_given(asked: str) -> Refusal:
    what = "the service does not answer in any format that is accepted"
    return Refusal(406, what, expected=f"{FHIR_JSON} or {JSON}", remedy="change Accept or _format")


def body_type(request: Request) -> str:
    """The media type of the body, without parameters; empty where none is named."""
    return _read(request.headers["content-type"])[0] if request.headers.get("content-type") else ""


def check_body_type(request: Request, *taken: str) -> str:
    """The media type of the body, if it is one of those; raises Refusal (415) otherwise."""
    found = body_type(request)
    if found not in taken:
        raise Refusal(
            415,
            "the body is of a type that is not read here",
            expected=" or ".join(taken),
            where="Content-Type",
        )
    return found


def preferences(request: Request) -> dict[str, str]:
    """`Prefer` (RFC 7240): each preference with its value, empty where it has none."""
    found: dict[str, str] = {}
    for part in ",".join(request.headers.getlist("prefer")).split(","):
        name, _, value = part.partition(";")[0].partition("=")
        if name.strip():
            found.setdefault(name.strip().lower(), value.strip().strip('"'))
    return found
