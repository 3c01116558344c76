"""A Run: a plan screened by an engine, and everything that is shown or written of it."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from fhirscreen import __version__
from fhirscreen.engines.base import Depth, Engine, Progress, Screened, silent
from fhirscreen.exceptions import DataError, OutcomeError, Unauthorised
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.subjects import study_uuid, written_status
from fhirscreen.fhir_client import Client
from fhirscreen.outputs.attrition import Attrition, attrition
from fhirscreen.outputs.completeness import is_complete, statement
from fhirscreen.outputs.runs import Rows, Setting, describe_run, write_run
from fhirscreen.outputs.worklists import Worklist, worklists
from fhirscreen.plan.nodes import Plan
from fhirscreen.values.durations import AsOf


@dataclass(frozen=True)
class Run:
    """What was screened, how, and what came of it. `seconds` by the name of the step."""

    plan: Plan
    setting: Setting
    screened: Screened
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether everything was read and fetched, for every patient."""
        return is_complete(self.screened)

    @cached_property
    def worklists(self) -> tuple[Worklist, ...]:
        """The lists, in the order of the plan."""
        return worklists(self.screened, self.plan, self.setting.as_of.day, full=True)

    @cached_property
    def attrition(self) -> dict[str, Attrition]:
        """The attrition of each study, by its number."""
        return attrition(self.screened, self.plan, suppress_below=self.setting.suppress_below)

    def statement(self) -> list[str]:
        """What was set aside or not fetched, in sentences."""
        return statement(self.screened)

    def describe(self) -> dict[str, Any]:
        """What stands in run.json."""
        return describe_run(self.screened, self.plan, self.setting, self.attrition)

    def data(self) -> dict[str, Any]:
        """As `screen --json` prints it: `run` is run.json, `subjects` everybody on a list or a near miss."""
        subjects = [row for worklist in self.worklists for row in _rows(worklist)]
        return {"run": self.describe(), "subjects": subjects}

    def write(self, out: Path, existing: Iterable[Resource] = ()) -> dict[str, Any]:
        """Writes the run. Raises UsageError where `out` holds something else than an earlier run."""
        setting = self.setting
        return write_run(
            self.screened,
            self.plan,
            out,
            as_of=setting.as_of,
            engine=setting.engine,
            depth=setting.depth,
            base=setting.base,
            version=setting.version,
            sources=setting.sources,
            timings=self.seconds,
            csv=setting.rows,
            existing=existing,
            looked_at=setting.looked_at,
            suppress_below=setting.suppress_below,
            lists=self.worklists,
            counts=self.attrition,
        )


def screen(
    plan: Plan,
    engine: Engine,
    as_of: AsOf,
    *,
    base: str,
    sources: Sequence[str],
    depth: Depth = Depth.FULL,
    rows: Rows = "all",
    patients: Collection[str] | None = None,
    progress: Progress = silent,
    strict: bool = True,
) -> Run:
    """Screens everybody that the engine knows, or only `patients`.

    Raises FhirscreenError where nothing could be screened; what could not be read or fetched is in the run.
    Of `patients` who are not there: DataError if `strict`, else they are `Screened.unknown`. Where there is
    nobody at all, on a server as in files, DataError if `strict`: nothing was screened.
    """
    began = time.perf_counter()
    screened = engine.screen(plan, as_of, depth=depth, patients=patients, progress=progress)
    if strict:
        screened.unknown.check()
        if patients is None and not screened.patients:
            raise _nobody(screened, sources)
    setting = Setting(as_of, engine.name, depth, base, __version__, sources, rows, looked_at=patients)
    return Run(plan, setting, screened, {"screen": round(time.perf_counter() - began, 3)})


def _nobody(screened: Screened, sources: Sequence[str]) -> DataError:
    return DataError(
        "; ".join(["there is no patient to be screened", *screened.gaps[:1]]),
        where=", ".join(sources),
        expected="Patient resources, and what refers to them",
        remedy="load patients, or check what these credentials may read",
    )


def earlier_subjects(client: Client, plan: Plan) -> list[Resource]:
    """The ResearchSubjects on the server that earlier runs of these studies wrote."""
    found: list[Resource] = []
    if not client.capabilities.searches("ResearchSubject", "study"):
        return found
    for each in plan.studies:
        study = f"ResearchStudy/{study_uuid(each.study.id)}"
        try:
            found += client.gather("ResearchSubject", {"study": study}).matches
        except (OutcomeError, Unauthorised):  # not ours to read here; publishing reads again
            continue
    return [subject for subject in found if written_status(subject) is not None]


def _rows(worklist: Worklist) -> Iterable[dict[str, Any]]:
    for entry in worklist.entries:
        yield {
            "study": worklist.study.id,
            "patient": entry.patient,
            "status": entry.status.value,
            "rank": entry.rank,
            "diagnosed": entry.diagnosed or None,
            "planned_start": entry.planned_start or None,
            "evidence": list(entry.evidence),
            "values": list(entry.values),
            "open": [
                {"criterion": item.criterion, "why": item.why, "next_action": item.action}
                for item in entry.open
            ],
            "presumed": entry.presumed,
            "next_action": entry.action,
            "notes": list(entry.notes),
            "complete": entry.complete,
        }
    for miss in worklist.near_misses:
        yield {
            "study": worklist.study.id,
            "patient": miss.patient,
            "status": None,
            "near_miss": {"criterion": miss.item.criterion, "says": miss.item.says, "why": miss.item.why},
            "look_again": miss.look_again.isoformat() if miss.look_again else None,
            "diagnosed": miss.diagnosed or None,
            "notes": list(miss.notes),
        }
