"""The pages in a real browser: on a desk, on a phone, on paper, by keyboard; a decision about a patient."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from fhirscreen.bootstrap.services import Service
from tests.browser.measures import CONTRAST, OVERFLOWING, UNLABELLED
from tests.lib.pages import STUDY, demo_service, on_loopback, pages_of, subject_of, token_of

pytestmark = pytest.mark.browser

DESK, PHONE, PAPER = 1280, 390, 703


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with demo_service(tmp_path_factory.mktemp("pages")) as service:
        yield service


@pytest.fixture(scope="module")
def url(service: Service) -> Iterator[str]:
    with on_loopback(pages_of(service)) as url:
        yield url


@pytest.fixture(scope="module")
def addresses(service: Service) -> dict[str, str]:
    """One page of each kind."""
    candidate = subject_of(service, "candidate").id
    potential = subject_of(service, "potential-candidate").id
    failed = subject_of(service, None).id
    return {
        "index": "/studies",
        "study": f"/studies/{STUDY}",
        "candidate": f"/studies/{STUDY}/subjects/{candidate}",
        "potential": f"/studies/{STUDY}/subjects/{potential}",
        "failed": f"/studies/{STUDY}/subjects/{failed}",
        "runs": "/runs",
        "signing": "/sign-in?onward=/studies",
    }


KINDS = ("index", "study", "candidate", "potential", "failed", "runs", "run")


@pytest.fixture
def opened(page: Page, url: str, addresses: dict[str, str], kind: str) -> Page:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    if kind == "run":
        page.goto(f"{url}/runs")
        page.locator("tbody th a").first.click()
    else:
        page.goto(url + addresses[kind])
    page.wait_for_load_state("networkidle")
    assert all(each.startswith(url) for each in asked)
    for image in page.locator("img").all():
        assert image.evaluate("each => each.complete && each.naturalWidth > 0")
    return page


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [DESK, PHONE])
def test_nothing_runs_off_the_side_and_text_stands_out(opened: Page, width: int) -> None:
    opened.set_viewport_size({"width": width, "height": 900})
    for details in opened.locator("details").all():
        details.evaluate("each => each.open = true")
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    assert opened.evaluate(OVERFLOWING) == []
    ratio, text = opened.evaluate(CONTRAST)
    assert 4.5 <= ratio <= 21, text


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_built_for_who_cannot_see_it(opened: Page) -> None:
    assert opened.evaluate("document.documentElement.lang") == "en"
    assert opened.locator("main").count() == 1
    assert opened.locator("header").count() >= 1
    levels = opened.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => Number(h.tagName[1]))")
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert opened.evaluate(UNLABELLED) == []
    ids = opened.evaluate("[...document.querySelectorAll('[id]')].map(each => each.id)")
    assert len(ids) == len(set(ids))
    for table in opened.locator("table").all():
        assert (table.locator("caption").text_content() or "").strip()
        rows = table.locator("tbody tr").count()
        assert rows == table.locator("tbody th[scope=row]").count()
    for navigation in opened.locator("nav").all():
        assert navigation.get_attribute("aria-label")


@pytest.mark.parametrize("kind", ["study", "candidate"])
def test_the_keyboard_reaches_the_content_first(opened: Page) -> None:
    opened.keyboard.press("Tab")
    skip = opened.get_by_role("link", name="To the content")
    expect(skip).to_be_focused()
    assert skip.evaluate("each => each.getBoundingClientRect().left") >= 0
    opened.keyboard.press("Enter")
    assert opened.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("kind", ["study", "potential"])
def test_on_paper_there_is_the_content_and_nothing_is_cut(opened: Page, tmp_path: Path) -> None:
    opened.set_viewport_size({"width": PAPER, "height": 1000})
    opened.emulate_media(media="print")
    assert opened.evaluate(OVERFLOWING) == []
    assert not opened.locator("nav").first.is_visible()
    assert not opened.locator("form").first.is_visible() if opened.locator("form").count() else True
    assert opened.locator("h1").is_visible()
    pdf = tmp_path / "page.pdf"
    opened.pdf(path=pdf, prefer_css_page_size=True)
    assert 1 <= len(re.findall(rb"/MediaBox", pdf.read_bytes())) <= 12


@pytest.mark.parametrize("kind", ["study"])
def test_from_the_list_to_a_patient_and_to_a_decision(opened: Page, service: Service) -> None:
    row = opened.locator("section[aria-labelledby=potential] tbody tr").first
    patient = row.locator("a.patient").inner_text()
    says = row.locator(".items .says").first.inner_text().split(";")[0]
    row.locator("a.patient").click()
    expect(opened.get_by_role("heading", level=1)).to_contain_text(patient)
    expect(opened.locator(".standing.open")).to_contain_text(says)
    assert patient not in opened.url

    opened.get_by_role("link", name="Decide").click()
    opened.get_by_label("not suitable").check()
    opened.get_by_label("Because").fill("The surgeon <b>says</b> no")
    opened.get_by_role("button", name="Save the decision").click()
    decisions = opened.locator("section[aria-labelledby=decisions]")
    expect(decisions).to_contain_text("The surgeon <b>says</b> no")
    expect(opened.locator(".facts").first).to_contain_text("Not suitable")

    opened.get_by_role("navigation", name="Where this is").get_by_role("link", name=STUDY).click()
    decided = opened.locator("section[aria-labelledby=decided]")
    expect(decided).to_contain_text(patient)
    expect(opened.locator("section[aria-labelledby=potential]")).not_to_contain_text(patient)

    decided.get_by_role("link", name=patient).click()
    opened.get_by_label("to be looked at again").check()
    opened.get_by_role("button", name="Save the decision").click()
    expect(opened.locator(".facts").first).to_contain_text("Potential candidate")


def test_a_form_without_a_reason_says_what_it_lacks(
    chromium: Browser, url: str, addresses: dict[str, str]
) -> None:
    with chromium.new_context() as context:  # of its own: an answer of 422 stands on the console
        page = context.new_page()
        page.goto(url + addresses["candidate"])
        page.get_by_label("not suitable").check()
        page.get_by_role("button", name="Save the decision").click()
        expect(page.get_by_role("alert")).to_contain_text("Say why")
        expect(page.get_by_label("not suitable")).to_be_checked()
        described = page.get_by_label("Because").get_attribute("aria-describedby") or ""
        assert "problem" in described.split()
        ratio, text = page.evaluate(CONTRAST)
        assert ratio >= 4.5, text


def test_who_is_not_signed_in_signs_in_and_comes_to_the_page(page: Page, tmp_path: Path) -> None:
    with demo_service(tmp_path, patients=30, access={"mode": "token"}) as service:
        secret, address = token_of(service, "coordinator"), f"/studies/{STUDY}"
        with on_loopback(pages_of(service)) as url:
            page.goto(url + address)
            expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
            ratio, text = page.evaluate(CONTRAST)
            assert ratio >= 4.5, text
            assert page.evaluate(UNLABELLED) == []
            page.get_by_label("Your token").fill(secret)
            page.get_by_role("button", name="Sign in").click()
            expect(page.get_by_role("heading", level=1)).to_contain_text(STUDY)
            expect(page.get_by_role("banner")).to_contain_text("coordinator of tests")
            page.get_by_role("button", name="Sign out").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
            page.goto(url + address)
            expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
