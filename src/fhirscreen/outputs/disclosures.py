"""Sensitive concepts in what others get to read: "further review needed" stands instead."""

from __future__ import annotations

from collections.abc import Iterable

from fhirscreen.criteria.studies import Criterion
from fhirscreen.criteria.walk import concepts
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.verdicts.standings import Verdict

FURTHER_REVIEW = "further-review-needed"
"""Stands for the id of a criterion that must not be named."""

FURTHER_REVIEW_SAYS = "Further review needed"


def is_sensitive(criterion: Criterion, catalogue: Catalogue) -> bool:
    """Whether the criterion names a concept that the mappings mark as sensitive."""
    return any(catalogue.concepts[id].sensitive for id in concepts(criterion.expression) if catalogue.has(id))


def part(verdicts: Iterable[Verdict], catalogue: Catalogue) -> tuple[list[Verdict], list[Verdict]]:
    """The verdicts that may be shown with their reason, and the sensitive ones."""
    plain: list[Verdict] = []
    sensitive: list[Verdict] = []
    for verdict in verdicts:
        (sensitive if is_sensitive(verdict.criterion, catalogue) else plain).append(verdict)
    return plain, sensitive
