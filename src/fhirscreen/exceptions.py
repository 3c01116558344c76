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
    │   ├── ServerBusy                 not asked: too many wait for an answer of it already
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

from types import TracebackType
from typing import ClassVar, Self


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
    """What was given cannot be read; nothing was screened. `parts`: each thing that is wrong, if several."""

    exit_code = 3
    parts: tuple[BadInput, ...] = ()

    def each(self) -> tuple[BadInput, ...]:
        """The single things that are wrong: the parts, or this one."""
        return self.parts or (self,)

    def __str__(self) -> str:
        """As of any error; of several, each under its number."""
        if not self.parts:
            return super().__str__()
        lines = [self.what]
        for number, part in enumerate(self.parts, 1):
            first, *rest = str(part).split("\n")
            lines += [f"  {number}. {first}", *(f"   {line}" for line in rest)]
        return "\n".join(lines)


class Faults:
    """Keeps what is wrong with an input, so that all of it is said at once: `with faults: ...` for each part.

    What a BadInput broke off stays undone, and the next part is read all the same.
    """

    def __init__(self) -> None:
        self.found: list[BadInput] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, BadInput):
            return False
        self.found += error.each()
        return True

    def check(self) -> None:
        """Raises what was found wrong: the one thing, or an error of the first one's kind with all of it."""
        if not self.found:
            return
        if len(self.found) == 1:
            raise self.found[0]
        error = type(self.found[0])(f"{len(self.found)} things are wrong")
        error.parts = tuple(self.found)
        raise error


class StudyError(BadInput):
    """A study file, or a criterion in it, does not say anything that can be computed."""


class MappingError(BadInput):
    """A concept, a unit or an expansion in the mappings is wrong or unknown."""


class SiteError(BadInput):
    """A site's overlay is wrong, or does not fit the mappings."""


class DataError(BadInput):
    """Patient data that is not FHIR R4, or not whole."""


class ServerError(FhirscreenError):
    """The server did not do its part; nothing was screened.

    `lasting`: trying again does not help until a person has changed something.
    """

    exit_code = 4
    lasting: bool = False


class Unreachable(ServerError):
    """No connection to the server, or none that lasted, after all retries."""


class ServerBusy(ServerError):
    """The server was not asked: too many requests wait for an answer of it already."""


class Unauthorised(ServerError):
    """The server refused us: 401 or 403."""

    lasting = True


class NotFhir(ServerError):
    """What answered does not speak FHIR: HTML, broken JSON, or a 404 at the base URL."""


class WrongFhirVersion(ServerError):
    """The server speaks FHIR, but its CapabilityStatement is not one of R4."""

    lasting = True


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
