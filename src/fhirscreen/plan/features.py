"""Makes Features of concepts: windows, anchors and the features that each one needs."""

from __future__ import annotations

from fhirscreen.criteria.bounds import Staging, Which
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.mapping.concepts import Concept, Role, Windows
from fhirscreen.plan.nodes import Feature
from fhirscreen.values.codes import CodeSet
from fhirscreen.values.durations import Duration, parse_duration


def feature_of(
    concept: Concept,
    catalogue: Catalogue,
    *,
    which: Which = Which.LATEST,
    within: str | None = None,
    staging: Staging | None = None,
) -> Feature:
    """The feature of a concept; `within` replaces the window in which its records decide."""
    windows = concept.windows
    if within is not None:
        decides = parse_duration(within)
        shows = windows.shows
        if shows is not None and approximate_days(decides) >= approximate_days(shows):
            # Beyond what the mapping shows, a record is shown as stale for as long again.
            shows = Duration(decides.months * 2, decides.days * 2, decides.seconds * 2)
        windows = Windows(decides, shows)
    if staging is None and any(source.staging for source in concept.sources):
        staging = Staging.ANY
    return Feature(
        concept,
        which,
        windows,
        staging,
        tuple(_of(id, catalogue) for id in concept.invalidated_by),
        tuple(_of(id, catalogue) for id in concept.unconfirmed_after),
        tuple(_of(id, catalogue) for id, _ in concept.derived_from),
        tuple((value, _of(id, catalogue)) for value, id in concept.implied_by),
        None if concept.sites is None else _of(concept.sites, catalogue),
        tuple(_of(id, catalogue) for id in concept.shown_with),
    )


def _of(id: str, catalogue: Catalogue) -> Feature:
    return feature_of(catalogue.concept(id), catalogue)


def approximate_days(duration: Duration) -> float:
    """Length for ordering durations only: a month as 365.25 / 12 days."""
    return duration.months * 30.4375 + duration.days + duration.seconds / 86_400


def code_set(concept: Concept, *roles: Role) -> CodeSet:
    """All codes of a concept's sources in these roles."""
    return CodeSet().union(*(source.codes for source in concept.sources if source.role in roles))
