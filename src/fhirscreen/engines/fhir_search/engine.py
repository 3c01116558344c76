"""The engine: candidates first, then their records in parts, several parts at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import NamedTuple

from fhirscreen.engines.base import Depth, Engine, Progress, Screened, Unknown, collecting_rarely, silent
from fhirscreen.engines.evaluator.cohorts import last_survivor
from fhirscreen.engines.evaluator.evaluate import Evaluator
from fhirscreen.engines.evaluator.gates import gate_types
from fhirscreen.engines.evaluator.judgements import finished
from fhirscreen.engines.fhir_search.completeness import Completeness
from fhirscreen.engines.fhir_search.fetches import Fetcher
from fhirscreen.engines.fhir_search.members import Candidates, find_candidates
from fhirscreen.engines.fhir_search.needs import Need, Needs, clinical_types, merged
from fhirscreen.engines.fhir_search.parts import Part, Task
from fhirscreen.engines.fhir_search.stages import Stage, cheapest_first, one_stage
from fhirscreen.fhir_client import Client
from fhirscreen.plan.nodes import Plan
from fhirscreen.values.durations import AsOf

_WORTH = 0.6
"""Narrowing by code pays where it leaves no more than this share."""

_FILLED = 900
"""How many records a search for a part should bring: just less than a page, for paging is slow."""

_PARTS, _SMALLEST, _LARGEST = 8, 10, 200
"""Into how many parts the candidates are cut at least, and how many patients a part may have."""

_AT_ONCE = 6
"""How many parts are worked on at once: what one waits for is fetched while another is judged."""

_Parts = Sequence[Sequence[Sequence[str]]]


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

        Raises ServerError where nothing could be fetched.
        """
        with collecting_rarely():
            return self._screen(plan, as_of, depth, patients, progress)

    def _screen(
        self, plan: Plan, as_of: AsOf, depth: Depth, patients: Collection[str] | None, progress: Progress
    ) -> Screened:
        completeness = Completeness()
        fetcher = Fetcher(self._client, completeness)
        hasty = depth is Depth.CANDIDATES
        with ThreadPoolExecutor(1) as beside:
            # How much there is does not depend on who is a candidate: both are asked at the same time.
            counting = beside.submit(self._count, plan, fetcher, hasty)
            evaluator = Evaluator(plan)
            candidates = find_candidates(plan, self._client, fetcher, evaluator.index, patients)
            volumes, counts = counting.result()
        whole = frozenset(v.type for v in volumes if v.coded > _WORTH * v.every and not hasty)
        needs = Needs(plan, whole)
        unoffered = frozenset(type for type in clinical_types(plan) if not fetcher.offers(type))
        for type in unoffered:
            completeness.remark(f"the server has no {type}: what only it records is not known")
        task = Task(
            plan,
            as_of,
            evaluator,
            needs,
            _stages(plan, needs, counts, candidates) if hasty else one_stage(needs),
            candidates,
            unoffered,
            tuple(type for type in gate_types(plan.catalogue.site) if fetcher.offers(type)),
            fetcher.offers("Encounter"),
            hasty,
            explained=patients is not None,
        )
        screened = Screened(patients=candidates.patients)
        survivors = candidates.survivors
        screened.survivors = {id: last_survivor(id, survivors) for id in survivors}
        unknown: set[str] = set()
        done, given_up, total = 0, 0, len(candidates.ids)
        progress(0, total)
        parts = list(_cut(candidates, _most(volumes, whole, candidates) / max(1, len(task.stages))))
        for part in _several(lambda families: Part(task, self._client, fetcher, families).screen(), parts):
            _add(screened, part.screened)
            unknown |= part.unknown
            given_up += part.given_up
            done += part.screened.patients + len(part.unknown)
            progress(done, total)
        if completeness.first_error is not None and not completeness.succeeded:
            raise completeness.first_error
        if patients is not None:
            screened.unknown = Unknown(frozenset(unknown), "on the server", self._client.base)
            screened.patients -= len(unknown)
        elif unknown:
            completeness.remark(f"{len(unknown)} patients named by records are not on the server")
        _count_outside(screened, plan, given_up)
        screened.gaps += completeness.gaps()
        screened.counts = {
            "depth": depth.value,
            "candidates": total,
            "searches": completeness.statement(),
        }
        return finished(screened, plan)

    def _count(
        self, plan: Plan, fetcher: Fetcher, hasty: bool
    ) -> tuple[list[_Volume], dict[Need, int | None]]:
        """How much there is of the types that codes may narrow; if `hasty`, of each need beside the context.

        As far as the server counts.
        """
        needs = Needs(plan)

        def volume(need: Need) -> _Volume | None:
            every, coded = fetcher.count(need.type), fetcher.count(need.type, need)
            return None if every is None or coded is None else _Volume(need.type, every, coded)

        narrowed = [need for need in merged(needs.all) if need.codes is not None]
        volumes = [found for found in self._client.spread(volume, narrowed) if found is not None]
        if not hasty:
            return volumes, {}
        wanted = sorted(needs.all - needs.context, key=lambda need: (need.type, sorted(need.codes or ())))
        counts = self._client.spread(lambda need: fetcher.count(need.type, need), wanted)
        return volumes, dict(zip(wanted, counts, strict=True))


def _several(work: Callable[[Sequence[Sequence[str]]], Part], parts: _Parts) -> Iterator[Part]:
    """Several parts at once, in their order, each in the context of whoever asks.

    The first error is raised where its part would stand; what has not begun by then never does.
    """
    beside = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="part")
    try:
        for future in [beside.submit(copy_context().run, work, part) for part in parts]:
            yield future.result()
    finally:
        beside.shutdown(wait=False, cancel_futures=True)


def _stages(
    plan: Plan, needs: Needs, counts: Mapping[Need, int | None], candidates: Candidates
) -> list[Stage]:
    """By the server's counts; codes of the plan are found in candidates, a whole type in everybody."""
    share = len(candidates.ids) / max(1, candidates.patients)
    known = {need: count for need, count in counts.items() if count is not None}
    costs = {need: count if need.codes is not None else count * share for need, count in known.items()}
    return cheapest_first(plan, needs, costs)


class _Volume(NamedTuple):
    """How many resources of a type the server has, and how many with one of the plan's codes.

    Two lists of values in one search, of patients and of codes, cost some databases far more than one: it
    must pay.
    """

    type: str
    every: int
    coded: int


def _most(volumes: Sequence[_Volume], whole: frozenset[str], candidates: Candidates) -> float:
    """About how many records of one type a candidate has that are fetched."""
    patients, found = max(1, candidates.patients), max(1, len(candidates.ids))
    each = (v.every / patients if v.type in whole else min(v.every, v.coded) / found for v in volumes)
    return max(each, default=0.0)


def _cut(candidates: Candidates, most: float) -> Iterator[Sequence[Sequence[str]]]:
    """The candidates in parts, whose size depends on the data alone: any run is the same.

    `most` is about how many records of one type a search brings of a patient.
    """
    even = -(-len(candidates.ids) // _PARTS)
    size = min(max(min(even, int(_FILLED / max(1.0, most))), _SMALLEST), _LARGEST)
    part: list[Sequence[str]] = []
    for family in candidates.families():
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
    screened.gaps += part.gaps
    screened.outsiders += part.outsiders


def _count_outside(screened: Screened, plan: Plan, given_up: int) -> None:
    """Whoever is neither a subject nor gated, and was not given up: most of them were never fetched."""
    for planned in plan.studies:
        study = planned.study.id
        inside = sum(1 for each in screened.subjects if each.study == study)
        inside += sum(1 for each in screened.gated if each.study == study)
        screened.outside[study] = max(0, screened.patients - inside - given_up)


_: type[Engine] = FhirSearch
