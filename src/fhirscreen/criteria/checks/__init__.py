"""What is wrong with a study that reads well: contradictions, slips, and what nobody has answered yet.

`check_study` says all that can be said of a study by itself; with a Catalogue also what the mappings know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhirscreen.criteria.checks.catalogue import Catalogue, check_concepts
from fhirscreen.criteria.checks.contradictions import check_contradictions
from fhirscreen.criteria.checks.lints import Lint, Severity, sort_lints
from fhirscreen.criteria.checks.questions import check_questions
from fhirscreen.criteria.checks.structure import check_structure, evaluate_unknown

if TYPE_CHECKING:
    from fhirscreen.criteria.studies import Study

__all__ = ["Catalogue", "Lint", "Severity", "check_study", "evaluate_unknown"]


def check_study(study: Study, catalogue: Catalogue | None = None) -> tuple[Lint, ...]:
    """Everything found, errors first, then in the study's order."""
    found = [*check_structure(study), *check_contradictions(study, catalogue), *check_questions(study)]
    if catalogue is not None:
        found += check_concepts(study, catalogue)
    return sort_lints(study, found)
