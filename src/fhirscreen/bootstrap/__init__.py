"""The one place that picks concrete parts from settings and options: for commands, and for the service."""

from __future__ import annotations

from fhirscreen.bootstrap.parts import (
    Absence,
    EngineName,
    Whence,
    demo_engine,
    find_mappings,
    find_whence,
    held_subjects,
    make_as_of,
    make_catalogue,
    make_client,
    make_engine,
    read_server,
)

__all__ = [
    "Absence",
    "EngineName",
    "Whence",
    "demo_engine",
    "find_mappings",
    "find_whence",
    "held_subjects",
    "make_as_of",
    "make_catalogue",
    "make_client",
    "make_engine",
    "read_server",
]
