"""`report.html`: one self-contained page that a coordinator opens in the morning, and prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from markupsafe import Markup

from fhirscreen.outputs.attrition import Attrition
from fhirscreen.outputs.pages import environment
from fhirscreen.outputs.pictures import draw, show
from fhirscreen.outputs.wording import PRESUMED, STATUSES, count_patients, say_date, say_day
from fhirscreen.outputs.worklists import Worklist
from fhirscreen.values.durations import AsOf
from fhirscreen.verdicts.standings import Status


@dataclass(frozen=True, slots=True)
class Report:
    """What the page shows; `run` is the content of `run.json`."""

    as_of: AsOf
    run: Mapping[str, Any]
    worklists: Sequence[Worklist]
    attrition: Mapping[str, Attrition]
    site: str


def render(report: Report) -> str:
    """The page as HTML. Everything from the data is escaped; nothing is loaded from elsewhere, no script."""
    templates = environment()
    templates.filters.update(date=say_date, day=say_day, patients=count_patients, cell=show)
    return templates.get_template("report.html").render(
        report=report,
        run=report.run,
        names={status.value: said for status, said in STATUSES.items()},
        candidate=Status.CANDIDATE,
        presumed=PRESUMED,
        pictures={id: _inline(each) for id, each in report.attrition.items()},
    )


def stylesheet() -> str:
    """How the page looks, for others that show the same lists."""
    return (resources.files("fhirscreen.outputs") / "templates" / "report.css").read_text("utf-8")


def _inline(counts: Attrition) -> Markup:
    """One study's picture as an element of the page: without the prologue of a file, ids its own."""
    svg = draw([counts])
    svg = svg[svg.index("<svg") :]
    # Several pictures stand on one page: an id may occur once.
    for attribute in ('id="', "url(#", 'href="#'):
        svg = svg.replace(attribute, f"{attribute}{counts.study.id}-")
    return Markup(svg)  # noqa: S704 - drawn here; matplotlib escapes the text in it
