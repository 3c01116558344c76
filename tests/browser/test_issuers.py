"""In a real browser, at a real OpenID provider: by a link to a patient, and out again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.lib.issuers import access, issuer
from tests.lib.pages import SITE, STUDY, demo_service, on_loopback, pages_of, subject_of, taken_port
from tests.lib.service import service_for

pytestmark = [pytest.mark.browser, pytest.mark.node]


def sign_in(page: Page, login: str) -> None:
    """What the provider asks for: who it is, and leave to tell the service."""
    page.get_by_placeholder("Enter any login").fill(login)
    page.get_by_placeholder("and password").fill("x")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()


def test_a_link_leads_through_the_issuer_to_the_patient(chromium: Browser, tmp_path: Path) -> None:
    with demo_service(tmp_path, patients=30) as service:
        address = f"/studies/{STUDY}/subjects/{subject_of(service, 'potential-candidate').id}"
    with taken_port() as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with (
            issuer(url) as provider,
            service_for(tmp_path, access=access(provider), public_url=url, site=SITE) as service,
            on_loopback(pages_of(service), taken),
            chromium.new_context() as context,
        ):

            def only_here(route: Route) -> None:
                if route.request.url.startswith((url, provider)):
                    route.fallback()
                else:
                    route.abort()

            page = context.new_page()
            page.route("**", only_here)  # the provider's own pages ask for a font from elsewhere
            card = f'<a href="{url}{address}">See the patient</a>'
            page.route(
                "http://ehr.localhost/*", lambda route: route.fulfill(body=card, content_type="text/html")
            )

            page.goto("http://ehr.localhost/card")
            page.get_by_role("link", name="See the patient").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
            page.get_by_role("link", name="Sign in").click()
            sign_in(page, "rivera")
            expect(page.get_by_role("heading", level=1)).to_contain_text("Patient")
            assert page.url == url + address
            expect(page.get_by_role("banner")).to_contain_text("rivera@hospital")
            # The provider's are the same host's.
            cookies = [each for each in context.cookies(url) if each.get("name", "").startswith("fhirscreen")]
            assert [(each.get("name"), each.get("httpOnly"), each.get("sameSite")) for each in cookies] == [
                ("fhirscreen", True, "Strict")
            ]

            # Signed in, the same link leads there at once, though no cookie comes with it at first.
            page.goto("http://ehr.localhost/card")
            page.get_by_role("link", name="See the patient").click()
            expect(page.get_by_role("heading", level=1)).to_contain_text("Patient")
            assert page.url == url + address

            page.get_by_role("button", name="Sign out").click()
            page.get_by_role("button", name=re.compile("Yes, sign me out")).click()
            expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
            assert page.url.startswith(f"{url}/sign-in")
            page.goto(url + address)
            expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")

            # The issuer asks anew who it is; somebody without a role comes in, and sees nothing.
            page.get_by_role("link", name="Sign in").click()
            sign_in(page, "visitor")
            expect(page.get_by_role("heading", level=1)).to_have_text("This is not open to you")
            expect(page.get_by_role("banner")).to_contain_text("visitor@hospital")
