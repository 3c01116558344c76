"""The table of contents of the manual."""

from __future__ import annotations

from tests.spec.chapters import absence, gates, population, standing, truth, verdicts

CHAPTERS = (truth.CHAPTER, population.CHAPTER, gates.CHAPTER, standing.CHAPTER, verdicts.CHAPTER, absence.CHAPTER)
