"""The table of contents of the manual."""

from __future__ import annotations

from tests.spec.chapters import (
    absence,
    derived,
    gates,
    intervals,
    persons,
    population,
    selection,
    standing,
    statuses,
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
    )
)
