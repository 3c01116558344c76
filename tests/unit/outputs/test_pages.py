"""The report, the picture and the console: what they say, and that nothing in them can run or load."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.tree import Tree

from fhirscreen.criteria.studies import Study
from fhirscreen.engines.base import Looked, Outsider, Screened, Seen
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.outputs.attrition import attrition
from fhirscreen.outputs.pictures import draw
from fhirscreen.outputs.proofs import explain_gate, explain_outsider, explain_subject
from fhirscreen.outputs.tables import print_run
from fhirscreen.outputs.worklists import worklists
from fhirscreen.plan.nodes import Plan
from fhirscreen.values.durations import AsOf
from fhirscreen.values.truth import Truth
from fhirscreen.verdicts.proofs import Proof, threshold
from fhirscreen.verdicts.reasons import Basis, Reason
from fhirscreen.verdicts.standings import Gate
from tests.lib.demo import write_demo
from tests.unit.outputs.conftest import Make

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return ["".join(each.itertext()) for each in ET.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314 - ours


def test_the_picture_says_every_box_and_number(screened: Screened, plan: Plan) -> None:
    svg = draw(list(attrition(screened, plan).values()))
    said = texts(svg)
    assert {"Patients looked at", "12", "Deceased", "Screened by 8 criteria", "Candidates"} <= set(said)
    assert "Platelets at least 100 × 10⁹/L" in said
    assert "T1 or T2" not in said, "a mirrored exclusion has no row of its own"
    assert "A study for tests & nothing else" in said


def test_the_picture_has_no_date_and_no_random_id(screened: Screened, plan: Plan) -> None:
    counts = list(attrition(screened, plan).values())
    svg = draw(counts)
    assert svg == draw(counts)
    assert "dc:date" not in svg
    assert "Matplotlib v" not in svg


def size(svg: str) -> tuple[float, float]:
    ((width, height),) = re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    return float(width), float(height)


def test_each_study_has_a_panel_as_wide_as_the_picture(screened: Screened, plan: Plan) -> None:
    (counts,) = attrition(screened, plan).values()
    for wide in (False, True):
        width, height = size(draw([counts], wide=wide))
        both = size(draw([counts] * 2, wide=wide))
        assert both[0] == width
        assert height * 1.9 < both[1] < height * 2.1


def test_a_slide_has_the_criteria_beside_the_way(screened: Screened, plan: Plan) -> None:
    (counts,) = attrition(screened, plan).values()
    page, slide = (draw([counts], wide=wide) for wide in (False, True))
    assert sorted(texts(page)) == sorted(texts(slide))
    assert size(slide)[0] > 1.8 * size(page)[0]
    assert size(slide)[1] < size(page)[1]


def test_text_from_a_study_cannot_break_the_picture(screened: Screened, plan: Plan) -> None:
    (counts,) = attrition(screened, plan).values()
    hostile = replace(counts, study=replace(counts.study, title="<script>$x^2$ & </svg>"))
    assert "<script>$x^2$ & </svg>" in texts(draw([hostile]))


class Page(HTMLParser):
    """Tags and attributes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.fixture
def html(screened: Screened, plan: Plan, tmp_path: Path) -> str:
    write_demo(tmp_path / "out", screened, plan)
    return (tmp_path / "out/report.html").read_text()


def test_the_report_loads_nothing_and_runs_nothing(html: str) -> None:
    page = Page(html)
    assert not {"script", "link", "iframe", "img", "object", "form"} & {tag for tag, _ in page.tags}
    for tag, attributes in page.tags:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name in ("href", "src", "xlink:href"):
                assert (value or "").startswith("#"), (tag, value)
    assert "url(http" not in html
    assert "@import" not in html


def test_ids_are_unique_and_links_lead_somewhere(html: str) -> None:
    page = Page(html)
    ids = [attributes["id"] for _, attributes in page.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    for tag, attributes in page.tags:
        if tag == "a":
            assert (attributes["href"] or "").removeprefix("#") in ids


def test_the_report_says_what_a_coordinator_needs(html: str) -> None:
    for said in (
        "1 Nov 2026",
        "e-near-miss",
        "8 Nov 2026",
        "the last record is too old (140 × 10⁹/L, 1 Sep 2026)",
        "Order a blood count",
        "Further review needed",
        "Does the patient consent?",
        "Is 11 g/dL meant?",
        "Answered 1 Oct 2026 by PI: twice",
        "All data of 12 patients was read",
    ):
        assert said in html, said


def test_the_report_escapes(screened: Screened, plan: Plan, tmp_path: Path) -> None:
    study = plan.studies[0]
    banner = replace(study, study=replace(study.study, banner="<img src=x onerror=alert(1)>"))
    write_demo(tmp_path / "out", screened, replace(plan, studies=(banner,)))
    html = (tmp_path / "out/report.html").read_text()
    assert "<img" not in html
    assert "&lt;img src=x" in html


def printed(screened: Screened, plan: Plan, as_of: AsOf, width: int = 120, **options: Any) -> str:
    console = Console(file=io.StringIO(), width=width)
    run = {"completeness": ["All read."], "complete": True, "notes": []}
    print_run(console, worklists(screened, plan, as_of.day), attrition(screened, plan), run, **options)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_console_shows_lists_near_misses_and_attrition(
    screened: Screened, plan: Plan, as_of: AsOf
) -> None:
    text = printed(screened, plan, as_of)
    for said in (
        "1 candidate, 3 potential candidates, 1 near miss",
        "e-near-miss",
        "8 Nov 2026",
        "Order a blood count",
        "Only this",
        "All read.",
    ):
        assert said in text, said
    assert "HIV infection: " not in text
    assert "86406008" not in text


def test_the_console_says_how_much_it_leaves_out(screened: Screened, plan: Plan, as_of: AsOf) -> None:
    assert "and 1 more; write them all with -o" in printed(screened, plan, as_of, limit=2)
    assert "and 1 more; out/report.html has" in printed(
        screened, plan, as_of, limit=2, rest="out/report.html has"
    )
    assert "more; write" not in printed(screened, plan, as_of, limit=None)


def test_a_study_named_like_markup_is_printed_as_it_is(screened: Screened, plan: Plan, as_of: AsOf) -> None:
    study = plan.studies[0]
    named = replace(plan, studies=(replace(study, study=replace(study.study, title="[red]x[/red]")),))
    assert "[red]x[/red]" in printed(screened, named, as_of)


def shown(screened: Screened, number: int, study: Study, catalogue: Catalogue) -> str:
    console = Console(file=io.StringIO(), width=160)
    console.print(explain_subject(screened.subjects[number], study, catalogue))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_proof_tree_says_why(screened: Screened, study: Study, catalogue: Catalogue) -> None:
    text = shown(screened, 4, study, catalogue)
    assert "not on the list (near miss), 1 failed, 1 open" in text
    assert text.index("Failed (1)") < text.index("Open (1)") < text.index("Met (5)")
    assert "platelets  Platelets at least 100 × 10⁹/L: no, <90 × 10⁹/L, 26 Oct 2026" in text
    assert "[Observation/p]" in text


def test_a_proof_tree_names_sensitive_reasons(screened: Screened, study: Study, catalogue: Catalogue) -> None:
    assert "HIV infection: unknown, recorded, and not confirmed" in shown(screened, 3, study, catalogue)


def test_a_proof_tree_says_once_what_nothing_is_on_record_of(
    make: Make, study: Study, catalogue: Catalogue
) -> None:
    silent = Proof(Truth.FALSE, Basis.PRESUMED, Reason.ABSENCE_PRESUMED)
    negative = silent._replace(evidence=("Observation/n",))
    text = drawn(explain_subject(make("p", hiv=silent), study, catalogue))
    assert "no record of it, taken as no (1): hiv" in text
    text = drawn(explain_subject(make("p", hiv=negative), study, catalogue))
    assert "no, what is on record says no, and nothing else of it is  [Observation/n]" in text


def test_a_proof_tree_folds_what_answers_alike_and_what_decides_nothing(
    make: Make, study: Study, catalogue: Catalogue
) -> None:
    open_ = Proof(Truth.UNKNOWN, Basis.MISSING, Reason.NO_RECORD)
    parts = tuple(open_._replace(says=f"part {number}") for number in range(5))
    met = Proof(Truth.TRUE, Basis.RECORDED, says="met part")
    whole = threshold(6, [*parts, met], "all of it")
    text = drawn(explain_subject(make("p", alt=whole), study, catalogue))
    assert [f"part {number}:" in text for number in range(5)] == [True, True, False, False, False]
    assert "… and 3 more, likewise" in text
    assert "met part" not in text
    everything = drawn(explain_subject(make("p", alt=whole), study, catalogue, whole=True))
    assert "part 4:" in everything
    assert "met part" in everything


def drawn(tree: Tree) -> str:
    console = Console(file=io.StringIO(), width=160)
    console.print(tree)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_whom_a_gate_took_out_is_told_which_and_where_it_is_read(study: Study) -> None:
    text = drawn(explain_gate("p", study, Gate.DECEASED))
    assert "NCT00000001  p  not screened: deceased" in text
    assert "Patient.deceased" in text


def test_whoever_is_outside_is_told_what_was_looked_at(study: Study, catalogue: Catalogue) -> None:
    refuted = Seen("Condition/r", "C15.9", "2026-09-02", "refuted")
    history = Seen("Condition/h", "Z85.01", "2023-07-20", "a history alone makes no member")
    lung = Seen("Condition/l", "C34.1", "2026-09-12", "")
    looked = (
        Looked("Condition", "match", True, ("icd-10", "snomed"), (refuted,)),
        Looked("Condition", "coarser", True, ("icd-10",), ()),
        Looked("Condition", "history", False, ("icd-10-cm",), (history,)),
    )
    found = Outsider(study.id, "p", "oesophageal cancer", looked, (lung,), Gate.INACTIVE)
    text = drawn(explain_outsider("p", study, found, catalogue))
    for said in (
        "not screened: outside the study's population",
        "A member has oesophageal cancer on record",
        "C15.9, 2 Sep 2026: refuted  [Condition/r]",
        "Condition, less precise codes (icd-10): nothing",
        "Z85.01, 20 Jul 2023: a history alone makes no member",
        "Malignant neoplasm of bronchus and lung, C34.1, 12 Sep 2026",
        "A member would not be screened: record not in use",
    ):
        assert said in text, said
    assert "could not be evaluated" in drawn(explain_outsider("p", study, None, catalogue))
