"""Whether a request comes from a page of another site: by what a browser says, which no script can change.

Fetch Metadata (W3C) and the header Origin (RFC 6454; Fetch, 3.2).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

OWN_SITES = ("same-origin", "none")
"""`Sec-Fetch-Site` of what a page of ours sends, and of what no page does."""


def is_foreign(headers: Mapping[str, str], hosts: Collection[str | None]) -> bool:
    """Whether a browser says that another site sent it; `hosts` are the service's own, with their ports.

    `headers` are found by lower-case names. A request without either header is no browser's.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site not in OWN_SITES:
        return True
    # A page that sends no referrer, as ours do, sends no origin either: browsers then say "null".
    return origin not in (None, "null") and _netloc(str(origin)) not in {host for host in hosts if host}


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def host_name(host: str) -> str:
    """The name or address in a header Host, without its port; empty where it cannot be read."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""
