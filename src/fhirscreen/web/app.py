"""The pages: rendered here, without scripts."""

from __future__ import annotations

from fastapi import APIRouter

from fhirscreen.bootstrap.services import Service


def router(service: Service) -> APIRouter:
    """The pages of a service."""
    return APIRouter(include_in_schema=False)
