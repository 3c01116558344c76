"""In which order criteria are decided at depth `candidates`: the cheapest records first.

The cost of a record's fetch is how many of them the server counts. A stage is fetched at once.
"""

from __future__ import annotations

from collections.abc import Mapping

from fhirscreen.criteria.studies import Weight
from fhirscreen.engines.fhir_search.needs import PATIENT, Need, Needs, Place
from fhirscreen.plan.nodes import Plan

_STAGES = 5
_UNCOUNTED = 10**9

Stage = tuple[Place, ...]


def one_stage(needs: Needs) -> list[Stage]:
    """Everything at once, in the order of the studies."""
    return [tuple(sorted(needs.of))]


def cheapest_first(plan: Plan, needs: Needs, counts: Mapping[Need, int | None]) -> list[Stage]:
    """Stages of about the same cost, at most `_STAGES`; the first one needs no more than the context.

    Of criteria that cost the same, those that the study calls gates come first, then its own order.
    """

    def cost(wanted: frozenset[Need]) -> int:
        found = (counts.get(need) for need in wanted)
        return sum(_UNCOUNTED if count is None else count for count in found)

    had = needs.context | {PATIENT}
    rest = dict(needs.of)
    share = cost(frozenset().union(*rest.values()) - had) / (_STAGES - 1) if rest else 0
    stages: list[Stage] = []
    current: list[Place] = []
    spent = 0
    while rest:
        place = min(
            rest,
            key=lambda place: (
                cost(rest[place] - had),
                plan.studies[place[0]].criteria[place[1]].criterion.weight is not Weight.GATE,
                place,
            ),
        )
        more = cost(rest.pop(place) - had)
        if current and more and (spent == 0 or spent + more > share):
            stages.append(tuple(current))
            current, spent = [], 0
        current.append(place)
        spent += more
        had |= needs.of[place]
    return [*stages, tuple(current)] if current else stages
