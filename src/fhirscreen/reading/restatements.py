"""Bounds that are said twice: 140 mg/dL (7.8 mmol/L), 8 grams per decilitre (g/dL)."""

from __future__ import annotations

from collections.abc import Sequence

from fhirscreen.criteria.bounds import Bound
from fhirscreen.criteria.checks.catalogue import convert_bound
from fhirscreen.mapping.concepts import Concept
from fhirscreen.reading.items import Item, Range, Role
from fhirscreen.reading.sense import read_unit
from fhirscreen.values.quantities import UnitTable

_ROUNDED = 0.05
"""By how much a bound may differ from itself in another unit, as criteria round it."""
_FAR = 6


def skip_restated(
    items: Sequence[Item], end: int, concept: Concept | None, numbers: Range, text: str, units: UnitTable
) -> int:
    """Past a parenthesis at `end` that says the bound before it again, or its unit; else `end`."""
    if not (end < len(items) and items[end].role is Role.OPEN):
        return end
    far = min(end + _FAR, len(items))
    close = next((i for i in range(end + 1, far) if items[i].role is Role.CLOSE), 0)
    inner = [item for item in items[end + 1 : close] if item.role is not Role.FILLER]
    if not inner:
        return end
    said = text[items[end].end : items[close].start].strip()
    if numbers.code is not None and read_unit(said, units) == numbers.code:
        return close + 1
    again = inner[0].range
    if len(inner) != 1 or again is None or concept is None or numbers.limit or again.limit:
        return end
    return close + 1 if _is_same(numbers, again, concept, units) else end


def _is_same(numbers: Range, again: Range, concept: Concept, units: UnitTable) -> bool:
    code = read_unit(again.unit, units)
    if code is None or numbers.code is None:
        return False
    for mine, other in ((numbers.low, again.low), (numbers.high, again.high)):
        said = again.values[0] if again.values else other
        if mine is None:
            if other is not None:
                return False  # it bounds what the first leaves open
            continue
        if said is None:
            return False
        first = convert_bound(Bound(mine, numbers.code), concept, units)
        second = convert_bound(Bound(said, code), concept, units)
        if first is None or second is None or abs(first - second) > _ROUNDED * abs(first):
            return False
    return True
