"""Finds candidates for clinical trials in FHIR R4 data: a verdict, with its evidence, for every criterion."""

from __future__ import annotations

__version__ = "0.1.0"
