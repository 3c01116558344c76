"""The table of contents of the manual."""

from __future__ import annotations

from tests.spec.chapters import (
    absence,
    coding,
    derived,
    events,
    gates,
    intervals,
    persons,
    population,
    readings,
    selection,
    standing,
    statuses,
    therapies,
    time,
    tnm,
    truth,
    units,
    verdicts,
)

CHAPTERS = tuple(
    module.CHAPTER
    for module in (
        truth,
        population,
        gates,
        standing,
        verdicts,
        absence,
        statuses,
        selection,
        intervals,
        units,
        derived,
        persons,
        tnm,
        coding,
        therapies,
        events,
        readings,
        time,
    )
)
