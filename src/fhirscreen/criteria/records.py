"""What a registry says of a trial: its eligibility text, and the fields of its own beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fhirscreen.exceptions import StudyError

_AGE = re.compile(r"(?P<value>[0-9]+(?:\.[0-9]+)?) (?P<unit>a|mo|wk|d|h|min)")


@dataclass(frozen=True, slots=True)
class RegisteredAge:
    """An age of a record's own field (`18 Years`): its number, and its unit in UCUM."""

    value: float
    unit: str

    def __str__(self) -> str:
        return f"{self.value:g} {self.unit}"


def parse_registered_age(text: str) -> RegisteredAge:
    """The age that `str` writes: `18 a`. Raises StudyError for anything else."""
    match = _AGE.fullmatch(text)
    if match is None:
        raise StudyError(f"`{text}` is no age", expected="a number and a unit of UCUM, like `18 a`")
    return RegisteredAge(float(match["value"]), match["unit"])


@dataclass(frozen=True, slots=True)
class Record:
    """A text with what its registry knows beside it. `source` is the trial's number, or the text's id.

    `sex` is `male`, `female` or None for both; `status` is the registry's own word.
    """

    source: str
    text: str
    title: str | None = None
    phase: str | None = None
    status: str | None = None
    conditions: tuple[str, ...] = ()
    sponsor: str | None = None
    sex: str | None = None
    minimum_age: RegisteredAge | None = None
    maximum_age: RegisteredAge | None = None

    def __post_init__(self) -> None:
        if self.sex not in (None, "male", "female"):
            raise StudyError(f"`{self.sex}` is no sex of a record", expected="male or female, or neither")
