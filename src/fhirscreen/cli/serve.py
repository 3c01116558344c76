"""`fhirscreen serve`: the API, CDS Hooks and the pages, until it is told to stop."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from fhirscreen.settings.settings import Settings


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the garbage collector: what is made to last is no garbage, and looking takes time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def serve(
    host: Annotated[
        str | None,
        typer.Option(
            help="The address to listen on. Default: 127.0.0.1, or FHIRSCREEN_HOST.", show_default=False
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            help="The port; 0 takes a free one. Default: 8000, or FHIRSCREEN_PORT.", show_default=False
        ),
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A file of settings in YAML. Default: FHIRSCREEN_FILE.", show_default=False
        ),
    ] = None,
) -> None:
    """Serve the API, CDS Hooks and the pages; run jobs and schedules.

    Logs go to standard error. SIGTERM and SIGINT end it: requests are finished, jobs finished or handed back.
    It listens on this machine alone until access is configured; `fhirscreen token add` makes tokens.
    """
    with _uncollected():
        # Here, so that no other command imports a web server.
        import structlog  # noqa: PLC0415

        from fhirscreen.api.app import make_app  # noqa: PLC0415
        from fhirscreen.bootstrap.logs import set_up_logs  # noqa: PLC0415
        from fhirscreen.bootstrap.services import make_service  # noqa: PLC0415
        from fhirscreen.cli.servers import bind, run  # noqa: PLC0415
        from fhirscreen.web.app import add_pages  # noqa: PLC0415

        chosen = Settings.from_environment(os.environ, settings, {"host": host, "port": port})
        set_up_logs(chosen.log_level, json=chosen.log_json)
        sockets = bind(chosen)  # first: a second service by mistake touches no store
        service = make_service(chosen)
        if service.authenticator.lacks_tokens():
            structlog.get_logger(__name__).warning(
                "nobody can ask yet: the store holds no token", remedy="fhirscreen token add NAME --role ROLE"
            )
        app = make_app(service)
        add_pages(app, service)
        service.panel()  # what cannot work is told before anybody asks, and nobody waits for it
    gc.freeze()  # what lives as long as the process need not be looked at; hardly any of it is garbage
    gc.set_threshold(50_000, 20, 50)  # a request brings tens of thousands of objects, which hold no cycles
    run(app, chosen, sockets, service)
