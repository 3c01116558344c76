"""The table of contents of the manual."""

from __future__ import annotations

from tests.spec.chapters import absence, gates, intervals, population, selection, standing, statuses, truth, units, verdicts

CHAPTERS = (
    truth.CHAPTER,
    population.CHAPTER,
    gates.CHAPTER,
    standing.CHAPTER,
    verdicts.CHAPTER,
    absence.CHAPTER,
    statuses.CHAPTER,
    selection.CHAPTER,
    intervals.CHAPTER,
    units.CHAPTER,
)
