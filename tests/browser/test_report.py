"""The report in a real browser: on a desk, on a phone, on paper."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.measures import CONTRAST, OVERFLOWING
from tests.lib.demo import STUDIES, demo_screened, write_demo

pytestmark = pytest.mark.browser

DESK, PHONE, PAPER = 1280, 400, 703  # A4 less the margins of the print style, at 96 dots an inch


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of the demo's report."""
    out = tmp_path_factory.mktemp("report") / "out"
    write_demo(out, demo_screened())
    return (out / "report.html").as_uri()


@pytest.fixture
def opened(page: Page, report: str) -> Page:
    """The report, open in a page that loads nothing else."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report)
    assert asked == [report]
    return page


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_nothing_runs_off_the_side(opened: Page, width: int) -> None:
    opened.set_viewport_size({"width": width, "height": 900})
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    assert opened.evaluate(OVERFLOWING) == []


@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("media", ["screen", "print"])
def test_text_stands_out_from_what_is_behind_it(opened: Page, width: int, media: str) -> None:
    opened.set_viewport_size({"width": width, "height": 900})
    opened.emulate_media(media="print" if media == "print" else "screen")
    ratio, text = opened.evaluate(CONTRAST)
    assert 4.5 <= ratio <= 21, text


def test_headings_make_an_outline(opened: Page) -> None:
    levels = opened.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => Number(h.tagName[1]))")
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for study in STUDIES:
        assert opened.locator(f"h2#{study}").count() == 1


def test_tables_name_themselves_their_columns_and_their_rows(opened: Page) -> None:
    tables = opened.locator("table")
    assert tables.count() >= 3
    for table in tables.all():
        assert table.locator("caption").inner_text().strip()
        columns = table.locator("thead th[scope=col]").count()
        rows = table.locator("tbody tr")
        assert rows.count() == table.locator("tbody th[scope=row]").count()
        cells = table.locator("tbody tr:first-child > *").count()
        assert columns == cells


def test_the_page_says_what_it_is(opened: Page) -> None:
    assert opened.evaluate("document.documentElement.lang") == "en"
    assert "1 Nov 2026" in opened.title()
    for figure in opened.locator("figure [role=img]").all():
        assert "candidates" in (figure.get_attribute("aria-label") or "")


def test_on_a_phone_each_row_is_a_card_with_its_labels(opened: Page) -> None:
    opened.set_viewport_size({"width": PHONE, "height": 900})
    row = opened.locator(".list tbody tr").first
    assert row.evaluate("each => getComputedStyle(each).display") == "block"
    labels = row.locator("td").evaluate_all(
        "cells => cells.map(each => getComputedStyle(each, '::before').content)"
    )
    assert '"Next action"' in labels
    size = opened.locator(".patient").first.evaluate("each => parseFloat(getComputedStyle(each).fontSize)")
    assert size >= 14


def test_links_lead_to_their_study(opened: Page) -> None:
    opened.get_by_role("link", name=STUDIES[1]).click()
    assert opened.locator(f"#{STUDIES[1]}").evaluate("each => each.getBoundingClientRect().top") < 100


def test_on_paper_heads_repeat_rows_stay_whole_and_nothing_is_cut(opened: Page, tmp_path: Path) -> None:
    opened.set_viewport_size({"width": PAPER, "height": 1000})
    opened.emulate_media(media="print")
    assert opened.evaluate(OVERFLOWING) == []
    table = opened.locator("table.list").first
    assert table.locator("thead").evaluate("each => getComputedStyle(each).display") == "table-header-group"
    assert table.locator("tr").first.evaluate("each => getComputedStyle(each).breakInside") == "avoid"
    height = opened.locator("figure").first.evaluate("each => each.getBoundingClientRect().height")
    assert height < 1010, "a picture fits one page"
    pdf = tmp_path / "report.pdf"
    opened.pdf(path=pdf, prefer_css_page_size=True)
    boxes = re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", pdf.read_bytes())
    assert 3 <= len(boxes) <= 15, "a few pages a study"
    assert {(round(float(width)), round(float(height))) for width, height in boxes} == {(595, 842)}
