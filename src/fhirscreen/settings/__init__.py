"""What an operator sets from the environment."""

from __future__ import annotations

from fhirscreen.settings.settings import Settings

__all__ = ["Settings"]
