"""What an operator sets, by environment and file."""

from __future__ import annotations

from fhirscreen.settings.settings import Settings

__all__ = ["Settings"]
