"""The engine: candidates first, then their records in parts, several parts at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from fhirscreen.engines.base import Depth, Engine, Progress, Screened, silent
from fhirscreen.engines.evaluator.evaluate import Evaluator
from fhirscreen.engines.evaluator.judgements import finished
from fhirscreen.engines.fhir_search.completeness import Completeness
from fhirscreen.engines.fhir_search.fetches import Fetcher
from fhirscreen.engines.fhir_search.members import Candidates, find_candidates
from fhirscreen.engines.fhir_search.needs import Need, Needs, clinical_types, merged
from fhirscreen.engines.fhir_search.parts import Part, Task, gate_types
from fhirscreen.engines.fhir_search.stages import Stage, cheapest_first, one_stage
from fhirscreen.exceptions import DataError
from fhirscreen.fhir_client import Client
from fhirscreen.plan.nodes import Plan
from fhirscreen.values.durations import AsOf

_WORTH = 0.6
"""Narrowing by code pays where it leaves no more than this share."""

_PARTS, _SMALLEST, _LARGEST = 8, 25, 200
"""Into how many parts the candidates are cut, and how many patients a part may have."""


class FhirSearch:
    """Screens the patients of a FHIR server by searching it.

    At depth `full` every member has every verdict, as in memory over the same data. At depth `candidates` a
    study's criteria are decided from the cheapest on until one fails: the others have no verdict then.

    `Screened.counts` holds `depth`, `candidates` (how many were fetched) and `searches` (by type, as
    `Completeness.statement` gives it).
    """

    name = "search"

    def __init__(self, client: Client) -> None:
        self._client = client

    def screen(
        self,
        plan: Plan,
        as_of: AsOf,
        *,
        depth: Depth = Depth.FULL,
        patients: Collection[str] | None = None,
        progress: Progress = silent,
    ) -> Screened:
        """Screens the server's members, or only `patients`.

        Raises ServerError where nothing could be fetched, DataError where `patients` are not on the server.
        """
        completeness = Completeness()
        fetcher = Fetcher(self._client, completeness)
        evaluator = Evaluator(plan)
        candidates = find_candidates(plan, fetcher, evaluator.index, patients)
        hasty = depth is Depth.CANDIDATES
        needs = Needs(plan) if hasty else Needs(plan, _not_worth_narrowing(plan, fetcher))
        unoffered = frozenset(type for type in clinical_types(plan) if not fetcher.offers(type))
        for type in unoffered:
            completeness.remark(f"the server has no {type}: what only it records is not known")
        task = Task(
            plan,
            as_of,
            evaluator,
            needs,
            self._stages(plan, needs, fetcher, candidates) if hasty else one_stage(needs),
            candidates,
            unoffered,
            gate_types(fetcher, plan),
            hasty,
        )
        screened = Screened(patients=candidates.patients)
        unknown: set[str] = set()
        done, total = 0, len(candidates.ids)
        for part in self._client.spread(
            lambda families: Part(task, fetcher, families).screen(), list(_cut(candidates))
        ):
            _add(screened, part.screened)
            unknown |= part.unknown
            done += part.screened.patients + len(part.unknown)
            progress(done, total)
        if completeness.first_error is not None and not completeness.succeeded:
            raise completeness.first_error
        _check_unknown(unknown, patients, completeness)
        _count_outside(screened, plan)
        screened.gaps = completeness.gaps()
        screened.counts = {
            "depth": depth.value,
            "candidates": total,
            "searches": completeness.statement(),
        }
        return finished(screened, plan)

    def _stages(self, plan: Plan, needs: Needs, fetcher: Fetcher, candidates: Candidates) -> list[Stage]:
        """By the server's counts; codes of the plan are found in candidates, a whole type in everybody."""
        share = len(candidates.ids) / max(1, candidates.patients)

        def cost(need: Need) -> float | None:
            count = fetcher.count(need.type, need)
            return count if count is None or need.codes is not None else count * share

        wanted = sorted(needs.all - needs.context, key=lambda need: (need.type, sorted(need.codes or ())))
        costs = zip(wanted, self._client.spread(cost, wanted), strict=True)
        return cheapest_first(plan, needs, {need: each for need, each in costs if each is not None})


def _not_worth_narrowing(plan: Plan, fetcher: Fetcher) -> frozenset[str]:
    """The types of which the plan's codes are most of what the server has.

    Two lists of values in one search, of patients and of codes, cost some databases far more than one.
    """
    found = set()
    for need in merged(Needs(plan).all):
        if need.codes is not None:
            every, coded = fetcher.count(need.type), fetcher.count(need.type, need)
            if every is not None and coded is not None and coded > _WORTH * every:
                found.add(need.type)
    return frozenset(found)


def _cut(candidates: Candidates) -> Iterator[Sequence[Sequence[str]]]:
    """The candidates in parts, whose size depends on nothing but their number: any run is the same."""
    families = candidates.families()
    size = min(max(-(-len(candidates.ids) // _PARTS), _SMALLEST), _LARGEST)
    part: list[Sequence[str]] = []
    for family in families:
        part.append(family)
        if sum(map(len, part)) >= size:
            yield part
            part = []
    if part:
        yield part


def _add(screened: Screened, part: Screened) -> None:
    screened.subjects += part.subjects
    screened.gated += part.gated
    screened.set_aside += part.set_aside


def _count_outside(screened: Screened, plan: Plan) -> None:
    """Whoever is neither a subject nor gated: most of them were never fetched."""
    for planned in plan.studies:
        study = planned.study.id
        inside = sum(1 for each in screened.subjects if each.study == study)
        inside += sum(1 for each in screened.gated if each.study == study)
        screened.outside[study] = max(0, screened.patients - inside)


def _check_unknown(unknown: set[str], wanted: Collection[str] | None, completeness: Completeness) -> None:
    """Patients whom the server does not have: asked for by the caller, or named by its own records."""
    if not unknown:
        return
    if wanted is not None:
        raise DataError(
            f"{len(unknown)} of the patients asked for are not on the server",
            expected="ids of Patient resources",
        )
    completeness.remark(f"{len(unknown)} patients named by records are not on the server")


_: type[Engine] = FhirSearch
