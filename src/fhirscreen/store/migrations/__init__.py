"""Alembic migrations: how the tables of an older fhirscreen become those of this one."""

from __future__ import annotations
