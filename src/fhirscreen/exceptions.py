"""Every error that fhirscreen raises, as one tree. The number is the exit code of the command line.

    FhirscreenError
    ├── UsageError                  2  the command was called in a way that cannot work
    ├── BadInput                    3  what was given cannot be read; nothing was screened
    │   ├── StudyError                 a study file or its criteria
    │   ├── MappingError               a concept, a unit or an expansion in the mappings
    │   ├── SiteError                  a site's overlay
    │   └── DataError                  patient data that is not FHIR R4
    ├── ServerError                 4  the server did not do its part; nothing was screened
    │   ├── Unreachable                no connection, or none that lasted
    │   ├── Unauthorised               401 or 403
    │   ├── NotFhir                    an answer that is not FHIR (HTML, 404 of a proxy, broken JSON)
    │   ├── WrongFhirVersion           FHIR, but not R4
    │   ├── OutcomeError               an OperationOutcome with an error
    │   └── Conflict                   a write lost against someone else's (409, 412)
    ├── StoreError                  4  the store, our own database, did not do its part
    │   ├── StoreUnreachable           no connection, or it was lost in mid-transaction
    │   ├── StoreBusy                  others held what was needed for too long
    │   └── StoreFull                  the disk is full, failing or read-only
    ├── AccessError                 4  who asks this service may not
    │   ├── NotTrusted                 nobody known: no token, or none that is good
    │   └── NotAllowed                 known, and not allowed this
    └── Incomplete                  5  done, but something was set aside or not fetched

Each says what was wrong, where (a file and the path in it, or a URL without patient data), what was
expected and what to do. None may carry patient data: no id, no name, no value from a record.
"""

from __future__ import annotations

from typing import ClassVar


class FhirscreenError(Exception):
    """The root. Raised as one of its subclasses.

    `what` is one sentence without a full stop; `where` a file, a path in it, or a URL; `expected` and
    `remedy` are phrases. All are plain text for a person.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self, what: str, *, where: str | None = None, expected: str | None = None, remedy: str | None = None
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.expected = expected
        self.remedy = remedy

    def __str__(self) -> str:
        """The message as lines: what, then each of where, expected and remedy that is known."""
        labelled = (("where", self.where), ("expected", self.expected), ("remedy", self.remedy))
        return "\n".join([self.what, *(f"  {label}: {text}" for label, text in labelled if text)])


class UsageError(FhirscreenError):
    """The command or function was called in a way that cannot work."""

    exit_code = 2


class BadInput(FhirscreenError):
    """What was given cannot be read; nothing was screened."""

    exit_code = 3


class StudyError(BadInput):
    """A study file, or a criterion in it, does not say anything that can be computed."""


class MappingError(BadInput):
    """A concept, a unit or an expansion in the mappings is wrong or unknown."""


class SiteError(BadInput):
    """A site's overlay is wrong, or does not fit the mappings."""


class DataError(BadInput):
    """Patient data that is not FHIR R4, or not whole."""


class ServerError(FhirscreenError):
    """The server did not do its part; nothing was screened."""

    exit_code = 4


class Unreachable(ServerError):
    """No connection to the server, or none that lasted, after all retries."""


class Unauthorised(ServerError):
    """The server refused us: 401 or 403."""


class NotFhir(ServerError):
    """What answered does not speak FHIR: HTML, broken JSON, or a 404 at the base URL."""


class WrongFhirVersion(ServerError):
    """The server speaks FHIR, but its CapabilityStatement is not one of R4."""


class OutcomeError(ServerError):
    """The server answered with an OperationOutcome that reports an error."""


class Conflict(ServerError):
    """A write lost against someone else's: 409 or 412, after reading again."""


class StoreError(FhirscreenError):
    """The store did not do its part; the transaction it happened in was not written."""

    exit_code = 4


class StoreUnreachable(StoreError):
    """No connection to the store, or it was lost in mid-transaction."""


class StoreBusy(StoreError):
    """Others held what the transaction needed for too long."""


class StoreFull(StoreError):
    """The store cannot be written: the disk is full, failing or read-only."""


class AccessError(FhirscreenError):
    """Who asks this service may not. Never tells what a token said."""

    exit_code = 4


class NotTrusted(AccessError):
    """Who asks is not known: no token, or none that is good: 401."""


class NotAllowed(AccessError):
    """Who asks is known, and not allowed this: 403."""


class Incomplete(FhirscreenError):
    """Done, but something was set aside or not fetched; the report says what."""

    exit_code = 5
