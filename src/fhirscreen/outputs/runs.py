"""A run on disk: every file that `screen -o OUT` writes, the same bytes for the same input."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson

from fhirscreen.criteria.wire import write_study
from fhirscreen.engines.base import Depth, Screened, SetAside
from fhirscreen.exceptions import UsageError
from fhirscreen.fhir.entries import Resource
from fhirscreen.mapping.catalogue import digest
from fhirscreen.outputs import completeness
from fhirscreen.outputs.attrition import Attrition, attrition, near_miss
from fhirscreen.outputs.folders import MARK, check_folder, written_whole
from fhirscreen.outputs.pictures import draw
from fhirscreen.outputs.remedies import remedy_of
from fhirscreen.outputs.reports import Report, render
from fhirscreen.outputs.resources.lists import screening_list
from fhirscreen.outputs.resources.studies import criteria_group, research_study
from fhirscreen.outputs.resources.subjects import research_subjects
from fhirscreen.outputs.rows import write_csv, write_parquet
from fhirscreen.outputs.worklists import Worklist, worklists
from fhirscreen.plan.nodes import Plan
from fhirscreen.values.durations import AsOf

Rows = Literal["all", "subjects"]

FILES = (
    "ResearchStudy.ndjson",
    "Group.ndjson",
    "ResearchSubject.ndjson",
    "List.ndjson",
    "verdicts.parquet",
    "verdicts.csv",
    "attrition.json",
    "attrition.svg",
    "near-misses.csv",
    "report.html",
    completeness.SET_ASIDE_FILE,
    MARK,
    "timings.json",
)
"""Every file that a run may hold; `set-aside.ndjson` only where something was set aside."""

NEAR_MISS_COLUMNS = (
    "study", "patient", "criterion", "says", "recorded", "look_again", "open", "diagnosed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    """Under what a run was made. `base` is the source base of the patients' ids; `sources` says where from.

    `looked_at`: the patients that were asked for, None for everybody. Of a run of some, who is missing may
    still fit: it says nothing of anybody else, and makes no List.
    """

    as_of: AsOf
    engine: str
    depth: Depth
    base: str
    version: str
    sources: Sequence[str] = ()
    rows: Rows = "all"
    looked_at: Collection[str] | None = None
    suppress_below: int = 0

    @property
    def limited(self) -> bool:
        """Whether only some patients were asked for."""
        return self.looked_at is not None


def check_out(out: Path) -> None:
    """Raises UsageError where `write_run` would refuse `out`: to be asked before screening."""
    check_folder(out, FILES)


def write_run(
    screened: Screened,
    plan: Plan,
    out: Path,
    *,
    as_of: AsOf,
    engine: str,
    depth: Depth,
    base: str,
    version: str,
    sources: Sequence[str] = (),
    timings: Mapping[str, float] | None = None,
    csv: Rows = "all",
    existing: Iterable[Resource] | None = None,
    looked_at: Collection[str] | None = None,
    suppress_below: int = 0,
    lists: Sequence[Worklist] | None = None,
    counts: Mapping[str, Attrition] | None = None,
) -> dict[str, Any]:
    """Writes a run into `out`, whole or not at all, and returns what stands in its `run.json`.

    `existing`: ResearchSubjects of earlier runs; of the patients looked at, those that no longer fit become
    `ineligible`. A run of some patients says nothing of the others, and its List.ndjson is empty. `timings`
    (seconds by name) go into `timings.json` alone, so that all else is the same bytes for the same input.
    `lists` and `counts` are those of the run, where they are known already.
    Raises UsageError where `out` holds something else than an earlier run, and for `csv` other than `all`
    or `subjects`; OSError where it cannot be written.
    """
    if csv not in ("all", "subjects"):
        raise UsageError(f"csv={csv!r} is no choice of rows", expected="all or subjects")
    setting = Setting(as_of, engine, depth, base, version, sources, csv, looked_at, suppress_below)
    if counts is None:
        counts = attrition(screened, plan, suppress_below=suppress_below)
    if lists is None:
        lists = worklists(screened, plan, as_of.day, full=True)
    run = describe_run(screened, plan, setting, counts)
    with written_whole(out, FILES) as folder:
        _write_resources(folder, screened, plan, setting, existing or ())
        _write_rows(folder, screened, plan, setting, lists)
        _write_json(folder / "attrition.json", {id: each.data() for id, each in counts.items()})
        (folder / "attrition.svg").write_text(
            draw(list(counts.values()), wide=True), encoding="utf-8", newline="\n"
        )
        report = render(Report(setting.as_of, run, lists, counts, plan.catalogue.site.label))
        (folder / "report.html").write_text(report, encoding="utf-8", newline="\n")
        if screened.set_aside:
            _write_lines(folder / completeness.SET_ASIDE_FILE, map(_set_aside, sorted(screened.set_aside)))
        _write_json(folder / MARK, run)
        _write_json(folder / "timings.json", dict(timings or {}))
    return run


def describe_run(
    screened: Screened, plan: Plan, setting: Setting, counts: Mapping[str, Attrition]
) -> dict[str, Any]:
    """What `run.json` holds and `screen --json` prints; no patient data."""
    site = plan.catalogue.site
    notes = [completeness.time_statement(setting.as_of), completeness.depth_statement(setting.depth)]
    partial = len({subject.patient for subject in screened.subjects if not subject.complete})
    return {
        "fhirscreen": setting.version,
        "fhir": "4.0.1",
        "as_of": setting.as_of.day.isoformat(),
        "time_zone": setting.as_of.zone.key,
        "site": {"id": site.id, "label": site.label},
        "engine": setting.engine,
        "depth": setting.depth.value,
        "base": setting.base,
        "sources": list(setting.sources),
        "csv": setting.rows,
        "limited_to_some_patients": setting.limited,
        "suppressed_below": setting.suppress_below,
        "mappings": plan.catalogue.digest,
        "expansions": plan.catalogue.expansions,
        "patients": screened.patients,
        "studies": {each.study.id: _describe(counts[each.study.id]) for each in plan.studies},
        "complete": completeness.is_complete(screened),
        "completeness": completeness.statement(screened),
        "patients_not_whole": partial,
        "gaps": list(screened.gaps),
        "set_aside": {
            "count": len(screened.set_aside),
            "reasons": completeness.set_aside_reasons(screened),
            "remedies": {
                reason: each._asdict() for reason, each in completeness.set_aside_remedies(screened).items()
            },
            **({"file": completeness.SET_ASIDE_FILE} if screened.set_aside else {}),
        },
        "remarks": [remark._asdict() for remark in screened.remarks],
        "counts": screened.counts,
        "notes": [note for note in notes if note],
        "files": [name for name in FILES if name != completeness.SET_ASIDE_FILE or screened.set_aside],
    }


def _describe(counts: Attrition) -> dict[str, Any]:
    study = counts.study
    open_questions = [question.id for question in study.questions if question.answer is None]
    numbers = {key: value for key, value in counts.data().items() if key not in ("criteria", "gates")}
    return {
        "title": study.title,
        "version": study.version,
        "definition": digest(write_study(study)),
        **({"banner": study.banner} if study.banner else {}),
        **numbers,
        "open_questions": open_questions,
    }


def _write_resources(
    folder: Path, screened: Screened, plan: Plan, setting: Setting, existing: Iterable[Resource]
) -> None:
    studies = [each.study for each in plan.studies]
    subjects = research_subjects(screened, plan, setting.base, existing, setting.looked_at)
    said = completeness.statement(screened)
    whole = completeness.is_complete(screened)
    lists = [
        screening_list(
            study,
            setting.base,
            setting.as_of.day,
            subjects[study.id],
            [*([study.banner] if study.banner else []), *said],
            whole,
        )
        for study in studies
        if not setting.limited
    ]
    _write_lines(folder / "ResearchStudy.ndjson", map(research_study, studies))
    _write_lines(folder / "Group.ndjson", [criteria_group(study, plan.catalogue) for study in studies])
    made = [subject for study in studies for subject in sorted(subjects[study.id], key=_by_id)]
    _write_lines(folder / "ResearchSubject.ndjson", made)
    _write_lines(folder / "List.ndjson", lists)


def _set_aside(aside: SetAside) -> dict[str, str]:
    advice = remedy_of(aside.reason)._asdict()
    return {"where": aside.where, "reason": aside.reason, **advice, "verbatim": aside.verbatim}


def _by_id(resource: Resource) -> str:
    return str(resource["id"])


def _write_rows(
    folder: Path, screened: Screened, plan: Plan, setting: Setting, lists: Sequence[Worklist]
) -> None:
    studies = {each.study.id: each.study for each in plan.studies}
    subjects = screened.subjects
    write_parquet(folder / "verdicts.parquet", subjects, screened.gated)
    if setting.rows == "subjects":
        subjects = [s for s in subjects if s.status is not None or near_miss(s, studies[s.study]) is not None]
    write_csv(folder / "verdicts.csv", subjects)
    with (folder / "near-misses.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(NEAR_MISS_COLUMNS)
        for worklist in sorted(lists, key=lambda each: each.study.id):
            for near in sorted(worklist.near_misses, key=lambda each: each.patient):
                again = near.look_again.isoformat() if near.look_again is not None else ""
                item = near.item
                row = (near.patient, item.criterion, item.says, item.why, again, near.open, near.diagnosed)
                writer.writerow((worklist.study.id, *row))


def _write_lines(path: Path, data: Iterable[Mapping[str, Any]]) -> None:
    with path.open("wb") as file:
        for each in data:
            file.write(orjson.dumps(each, option=orjson.OPT_APPEND_NEWLINE))


def _write_json(path: Path, data: Mapping[str, Any]) -> None:
    path.write_bytes(orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
