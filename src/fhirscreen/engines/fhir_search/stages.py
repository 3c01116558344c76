"""In which order criteria are decided at depth `candidates`: the cheapest records first.

The cost of records is how many the server counts. A stage is fetched at once.
"""

from __future__ import annotations

from collections.abc import Mapping

from fhirscreen.criteria.studies import Weight
from fhirscreen.engines.fhir_search.needs import PATIENT, Need, Needs, Place
from fhirscreen.plan.nodes import Plan

_STAGES = 8
_GATE = 3
_UNCOUNTED = 1e9

Stage = tuple[Place, ...]


def one_stage(needs: Needs) -> list[Stage]:
    """Everything at once, in the order of the studies."""
    return [tuple(sorted(needs.of))]


def cheapest_first(plan: Plan, needs: Needs, costs: Mapping[Need, float]) -> list[Stage]:
    """Stages of about the same cost, at most about `_STAGES`; the first needs no more than the context.

    What comes next is what costs least for what it decides; a criterion that the study calls a gate weighs
    more, for members fail those most. A need that is not in `costs` is dear.
    """

    def cost(wanted: frozenset[Need]) -> float:
        return sum(costs.get(need, _UNCOUNTED) for need in wanted)

    def weight(place: Place) -> int:
        criterion = plan.studies[place[0]].criteria[place[1]].criterion
        return _GATE if criterion.weight is Weight.GATE else 1

    had = needs.context | {PATIENT}
    rest = dict(needs.of)
    share = cost(frozenset().union(*rest.values()) - had) / (_STAGES - 1)
    stages: list[Stage] = []
    current: list[Place] = []
    spent = 0.0
    while rest:
        values: dict[frozenset[Need], tuple[float, Place]] = {}
        for place in sorted(rest):
            more = rest[place] - had
            if more not in values:
                decided = sum(weight(other) for other in rest if rest[other] <= had | more)
                values[more] = (cost(more) / decided, place)
        more = min(values, key=values.__getitem__)
        spent += cost(more)
        if current and more and (not stages or spent > share):
            stages.append(tuple(sorted(current)))
            current, spent = [], cost(more)
        had |= more
        decided_now = [place for place in rest if rest[place] <= had]
        current += decided_now
        for place in decided_now:
            del rest[place]
    return [*stages, tuple(sorted(current))] if current else stages
