"""Versions: which of several contents under one id holds."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from fhirscreen.exceptions import DataError
from fhirscreen.fhir.entries import Resource
from fhirscreen.values.dates import Moment, parse_moment

TWICE = "its id stands twice, with different content, and no version says which is the later one"

Found = tuple[str, Resource]
"""A record, and where it stands."""

_UTC = ZoneInfo("UTC")
_OFFSET = re.compile(r"T.*(?:Z|[+-]\d\d:\d\d)")
_FURTHEST = 14 * 3_600_000
"""So far from UTC a clock may stand of which nothing says where it does."""


def newest(found: list[Found]) -> list[Found]:
    """Those of some versions of which none of the others is known to be later; all, where they form a circle.

    Of two versions, the one with the greater `meta.versionId` is later; where not both have one, or the same,
    it is the one whose `meta.lastUpdated` is later. What only one of them has, tells nothing.
    """
    versions = [(_number(each), _updated(each)) for _, each in found]
    greatest = max((number for number, _ in versions if number is not None), default=None)
    times = [(number, when.start) for number, when in versions if when is not None]
    of_all = max((start for _, start in times), default=None)
    of_greatest = max((start for number, start in times if number in (None, greatest)), default=None)

    def is_older(number: int | None, when: Moment | None) -> bool:
        if number != greatest and number is not None:
            return True
        last = of_all if number is None else of_greatest
        return when is not None and last is not None and last >= when.end

    return [each for each, version in zip(found, versions, strict=True) if not is_older(*version)] or found


def _meta(resource: Resource, element: str) -> str | None:
    meta = resource.get("meta")
    told = meta.get(element) if isinstance(meta, dict) else None
    return told if isinstance(told, str) else None


def _number(resource: Resource) -> int | None:
    told = _meta(resource, "versionId")
    return int(told) if told is not None and len(told) < 64 and told.isdecimal() else None


def _updated(resource: Resource) -> Moment | None:
    """When a version was made: an instant (R4, Meta.lastUpdated), in UTC wherever it was written."""
    told = _meta(resource, "lastUpdated")
    try:
        when = None if told is None else parse_moment(told, _UTC)
    except DataError:
        return None
    if when is None or told is None or _OFFSET.search(told):
        return when
    return Moment(when.start - _FURTHEST, when.end + _FURTHEST)
