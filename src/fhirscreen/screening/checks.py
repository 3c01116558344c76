"""Checks studies against themselves and the mappings; one that cannot be read hinders none of the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fhirscreen.criteria.checks import Lint, Severity, check_study
from fhirscreen.criteria.studies import Study
from fhirscreen.criteria.wire import survey_file
from fhirscreen.exceptions import BadInput
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.plan.resolve import resolve


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in one file; `study` is None where it holds none."""

    file: str
    study: Study | None
    lints: tuple[Lint, ...]

    @property
    def errors(self) -> int:
        """How many findings keep it from being screened."""
        return sum(1 for lint in self.lints if lint.severity is Severity.ERROR)

    @property
    def warnings(self) -> int:
        """How many findings a person should look at."""
        return len(self.lints) - self.errors


def check_files(files: Iterable[Path], catalogue: Catalogue) -> list[Checked]:
    """Every file checked, in their order."""
    return [_check_file(file, catalogue) for file in files]


def _check_file(file: Path, catalogue: Catalogue) -> Checked:
    study, faults = survey_file(file)
    wrong = tuple(_as_lint(error, str(file)) for error in faults.found)
    if not wrong and study is not None:
        return Checked(str(file), study, check(study, catalogue, str(file)))
    # What could be read is checked as well, so that what is wrong with it is not found a mending later.
    lints = check_study(study, catalogue) if study is not None else ()
    more = tuple(lint for lint in lints if lint.severity is Severity.ERROR)
    return Checked(str(file), None, (*wrong, *more))


def check(study: Study, catalogue: Catalogue, file: str = "") -> tuple[Lint, ...]:
    """What was found in a study: first what keeps it from being screened. `file`: where it stands."""
    lints = check_study(study, catalogue)
    if not any(lint.severity is Severity.ERROR for lint in lints):
        try:
            resolve([study], catalogue)
        except BadInput as error:
            return _as_lint(error, file), *lints
    return lints


def _as_lint(error: BadInput, file: str) -> Lint:
    """Where it stands within the file: the file itself is named once for all that is found in it."""
    parts = (error.expected and f"expected {error.expected}", error.remedy)
    remedy = "; ".join(part for part in parts if part) or "mend the file"
    where = (error.where or "").removeprefix(file).lstrip(":, ")
    return Lint(Severity.ERROR, where, error.what, remedy)
