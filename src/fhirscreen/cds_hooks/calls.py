"""A call of a service: its envelope validated, its prefetch left as it came (CDS Hooks 2.0).

Elements of later versions are ignored, a null counts as absent. What is refused is told without the value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from fhirscreen.cds_hooks.discovery import HOOKS
from fhirscreen.exceptions import BadInput, FhirscreenError

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")

FhirId = Annotated[str, Field(pattern=r"^(Patient/)?[A-Za-z0-9\-.]{1,64}$")]
Url = Annotated[str, Field(pattern=r"^https?://[^\s?#@]+$", max_length=500)]
Short = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
"""A word of an EHR. No NUL: PostgreSQL cannot store one."""


Model = TypeVar("Model", bound=BaseModel)


class CallError(BadInput):
    """A call that is not one of CDS Hooks, or contradicts itself: 400."""


class NothingKnown(FhirscreenError):
    """There is nothing to decide with, neither in prefetch nor from the FHIR server: 412."""


class NotInTime(NothingKnown):
    """The FHIR server had not sent what it takes to decide when the time of a call was up: 412."""


class MustAsk(Exception):
    """It takes the FHIR server to answer, which was not to be asked; nothing has happened yet."""


class NoSuchService(FhirscreenError):
    """No service has that id: 404."""


class Lenient(BaseModel):
    """Ignores what it does not know, and takes a null for absent."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if value is not None}
        return data


class Context(Lenient):
    """What the hooks have in common; orders and appointments are a trigger, and not read."""

    patientId: FhirId  # noqa: N815 - the standard's name
    userId: Short  # noqa: N815
    encounterId: Short | None = None  # noqa: N815


class Authorization(Lenient):
    """The access that the EHR lends for this call (fhirAuthorization)."""

    access_token: SecretStr
    token_type: str = "Bearer"  # noqa: S105 - no password
    expires_in: int | None = None
    scope: str | None = None
    subject: str | None = None
    patient: FhirId | None = None


class Envelope(Lenient):
    """A call without its prefetch."""

    hook: Short
    hookInstance: Short  # noqa: N815
    context: Context
    fhirServer: Url | None = None  # noqa: N815
    fhirAuthorization: Authorization | None = None  # noqa: N815


@dataclass(frozen=True, slots=True)
class Call:
    """A valid call. `patient` and `user` are of its context, `user` with its type (`Practitioner/1`).

    `server` is the FHIR server's base without a slash at its end, `token` what it lends us.
    """

    hook: str
    instance: str
    patient: str
    user: str
    server: str | None
    token: SecretStr | None
    prefetch: Mapping[str, Any]


def parse(body: bytes) -> dict[str, Any]:
    """A body as a JSON object. Raises CallError."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise CallError(
            "the body is no JSON",
            expected="a JSON object in UTF-8",
            remedy="send what CDS Hooks 2.0 describes",
        ) from None
    if not isinstance(data, dict):
        raise CallError(
            "the body is no JSON object", expected="an object with hook, hookInstance and context"
        )
    return data


def read_call(service: str, body: bytes) -> Call:
    """The call of a service. Raises NoSuchService, and CallError for what is no call of it."""
    hook = HOOKS.get(service)
    if hook is None:
        raise NoSuchService(
            "there is no service of that id", expected=", ".join(HOOKS), remedy="ask GET /cds-services"
        )
    data = parse(body)
    prefetch = data.pop("prefetch", None) or {}
    envelope = check(Envelope, data)
    if envelope.hook != hook:
        raise CallError("the hook is not that of the service", where="hook", expected=hook)
    if not isinstance(prefetch, dict):
        raise CallError("prefetch is no object", where="prefetch", expected="an object, a key a template")
    context, lent = envelope.context, envelope.fhirAuthorization
    patient = context.patientId.removeprefix("Patient/")
    if lent is not None:
        if envelope.fhirServer is None:
            raise CallError(
                "an authorisation is for no server",
                where="fhirServer",
                expected="fhirServer, with fhirAuthorization",
            )
        if lent.token_type.lower() != "bearer":
            raise CallError(
                "the token is of another type", where="fhirAuthorization.token_type", expected="Bearer"
            )
        if lent.patient is not None and lent.patient.removeprefix("Patient/") != patient:
            raise other_patient("fhirAuthorization.patient")
    return Call(
        hook,
        envelope.hookInstance,
        patient,
        context.userId,
        envelope.fhirServer.rstrip("/") if envelope.fhirServer else None,
        lent.access_token if lent is not None else None,
        prefetch,
    )


def other_patient(where: str) -> CallError:
    """The error of a call that speaks of two patients."""
    return CallError(
        "the call is about one patient, and what it brings about another",
        where=where,
        expected="the patient of context.patientId",
        remedy="send the prefetch of this very patient",
    )


def check(model: type[Model], data: Any) -> Model:
    """Data as that model. Raises one CallError that names every element that is wrong, and no value."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        places = [".".join(str(part) for part in each["loc"]) for each in found]
        lacking = [place for place, each in zip(places, found, strict=True) if each["type"] == "missing"]
        wrong = [place for place in places if place not in lacking]
        said = [f"{', '.join(lacking)} lacking"] if lacking else []
        said += [f"{', '.join(wrong)} not valid"] if wrong else []
        raise CallError(
            f"the call is not valid: {'; '.join(said)}",
            where=", ".join(places),
            expected="what CDS Hooks 2.0 says of the element",
        ) from None


def is_id(text: str) -> bool:
    """Whether a text is an id of FHIR."""
    return _ID.fullmatch(text) is not None
