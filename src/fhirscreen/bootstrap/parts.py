"""Picks the parts that commands and the service share: mappings, site, client, cohort, engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from fhirscreen.engines.base import Engine
from fhirscreen.engines.fhir_search import FhirSearch
from fhirscreen.engines.in_memory import InMemory, gather
from fhirscreen.exceptions import ServerError, UsageError
from fhirscreen.fhir.entries import Resource
from fhirscreen.fhir.folders import Line, read_bundles, read_ndjson, unbundled
from fhirscreen.fhir.subjects import FILES_BASE
from fhirscreen.fhir_client import Bearer, Client, Registration, SigningKey
from fhirscreen.mapping.catalogue import Catalogue
from fhirscreen.mapping.loading import load_catalogue, load_site, mappings_folder
from fhirscreen.settings.groups import ServerSettings
from fhirscreen.settings.settings import Settings, base_url
from fhirscreen.values.durations import AsOf

if TYPE_CHECKING:
    from fhirscreen.synthetic import Cohort


class EngineName(StrEnum):
    """What `--engine` may say; `duckdb` and `spark` are kept for the engines over SQL."""

    AUTO = "auto"
    MEMORY = "memory"
    SEARCH = "search"
    DUCKDB = "duckdb"
    SPARK = "spark"


class Absence(StrEnum):
    """What silence means: as the site declares its sources, or never a no."""

    SITE = "site"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Whence:
    """Where patients come from: exactly one of a server, a folder of NDJSON, a folder of Bundles.

    Raises UsageError for none and for several.
    """

    server: str | None = None
    ndjson: Path | None = None
    bundles: Path | None = None

    def __post_init__(self) -> None:
        given = [name for name in ("server", "ndjson", "bundles") if getattr(self, name) is not None]
        if len(given) != 1:
            raise UsageError(
                "several sources of patients are given" if given else "no source of patients is given",
                where=", ".join(f"--{name}" for name in given) or None,
                expected="one of --server URL, --ndjson DIR, --bundles DIR",
                remedy="name one, or set FHIRSCREEN_SERVER" if not given else "leave the others out",
            )
        if self.server is not None:
            object.__setattr__(self, "server", read_server(self.server))

    @property
    def base(self) -> str:
        """The base that patient ids belong to: the server's, or that of the export the files came from."""
        if self.server is not None:
            return self.server
        return (self.ndjson and export_base(self.ndjson)) or FILES_BASE

    def lines(self) -> Iterator[Line]:
        """The resources of the files. Raises DataError where there is no folder or no such file in it."""
        if self.ndjson is not None:
            return read_ndjson(self.ndjson)
        if self.bundles is not None:
            return read_bundles(self.bundles)
        raise UsageError("a server is no folder of files", expected="--ndjson DIR or --bundles DIR")


def find_whence(settings: Settings, server: str | None, ndjson: Path | None, bundles: Path | None) -> Whence:
    """Where patients come from; the server that is set, where no option says otherwise."""
    if server is None and ndjson is None and bundles is None:
        server = settings.server
    return Whence(server, ndjson, bundles)


def read_server(text: str) -> str:
    """The base URL that `--server` gives. Raises UsageError for what is none."""
    try:
        return base_url(text)
    except UsageError as error:
        raise UsageError(error.what, where="--server", expected=error.expected, remedy=error.remedy) from None


def export_base(folder: Path) -> str | None:
    """The base URL in the manifest of a Bulk Data export (`request` of manifest.json); None without one."""
    try:
        request = json.loads((folder / "manifest.json").read_text("utf-8"))["request"]
        parts = urlsplit(request)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if parts.scheme not in {"http", "https"} or "/$export" not in parts.path:
        return None
    path = parts.path.partition("/$export")[0]
    steps = path.split("/")
    if steps[-1] == "Patient":
        steps = steps[:-1]
    elif len(steps) > 1 and steps[-2] == "Group":
        steps = steps[:-2]
    return f"{parts.scheme}://{parts.netloc}{'/'.join(steps)}".rstrip("/")


def find_mappings(settings: Settings) -> Path:
    """The folder of the mappings: the one that is set, or the shipped one."""
    return settings.mappings or mappings_folder()


def make_catalogue(
    settings: Settings,
    site: Path | None = None,
    absence: Absence = Absence.SITE,
    *,
    transport: httpx.BaseTransport | None = None,
) -> Catalogue:
    """The mappings with a site laid over them, value sets expanded by the terminology server that is set.

    Raises MappingError and SiteError, and ServerError where that server does not expand them whole.
    `site` comes before the one that is set; a name such as `demo` finds a shipped site.
    """
    folder = find_mappings(settings)
    catalogue = (
        load_catalogue(folder)
        if settings.terminology is None
        else _expanded(folder, settings, settings.terminology, transport)
    )
    given = site or settings.site
    if given is not None:
        catalogue = catalogue.at(
            load_site(_find_site(given, folder, "--site " if site else "FHIRSCREEN_SITE="))
        )
    if absence is Absence.UNKNOWN:
        silent = replace(catalogue.site, complete={}, complete_concepts={})
        catalogue = replace(catalogue, site=silent)
    return catalogue


def _expanded(folder: Path, settings: Settings, url: str, transport: httpx.BaseTransport | None) -> Catalogue:
    # The credentials that are set are those of the server that holds patients.
    server = ServerSettings(url=url, timeout=settings.timeout)
    with make_server_client(server, transport) as client:

        def expand(value_set: str) -> list[tuple[str, str]]:
            found = client.expand(url=value_set)
            if not found.whole:
                raise ServerError(
                    "the terminology server gave only part of a value set",
                    where=f"{url}/ValueSet/$expand?url={value_set}",
                    expected=f"{found.total} codes, and not {len(found.codes)}",
                    remedy="raise the server's limit of an expansion, or unset FHIRSCREEN_TERMINOLOGY",
                )
            return [(each.system, each.code) for each in found.codes]

        return load_catalogue(folder, expand)


def _find_site(given: Path, folder: Path, source: str) -> Path:
    shipped = folder / "sites" / f"{given}.yaml"
    if given.is_file():
        return given
    if shipped.is_file():
        return shipped
    known = ", ".join(sorted(path.stem for path in (folder / "sites").glob("*.yaml")))
    raise UsageError(
        "there is no such site",
        where=f"{source}{given}",
        expected=f"a site file, or the name of a shipped site ({known})",
        remedy="check the path, or draft one: fhirscreen doctor --mappings -o my-site.yaml",
    )


def make_client(settings: Settings, server: str, transport: httpx.BaseTransport | None = None) -> Client:
    """A client of one server, with the flat settings' credentials: those of the server named `default`."""
    return make_server_client(
        ServerSettings(
            url=server,
            token=settings.token,
            username=settings.username,
            password=settings.password,
            timeout=settings.timeout,
            concurrency=settings.concurrency,
        ),
        transport,
    )


def make_server_client(server: ServerSettings, transport: httpx.BaseTransport | None = None) -> Client:
    """A client of one server, with its own credentials, certificates and proxy."""
    auth: httpx.Auth | Registration | None = None
    if server.client_id is not None and server.key_file is not None:
        key = SigningKey.read(server.key_file, server.key_id)
        auth = Registration(server.client_id, key, server.token_url, server.scope)
    elif server.token is not None:
        auth = Bearer(server.token.get_secret_value())
    elif server.username is not None and server.password is not None:
        auth = httpx.BasicAuth(server.username, server.password.get_secret_value())
    return Client(
        server.url,
        auth=auth,
        timeout=server.timeout,
        concurrency=server.concurrency,
        requests_per_second=server.requests_per_second,
        verify=server.ca_file or True,
        proxy=server.proxy,
        transport=transport,
    )


def make_as_of(day: date | None, catalogue: Catalogue) -> AsOf:
    """The index date: `day`, else today where the site is. The one place that reads the clock for it."""
    zone = catalogue.site.zone
    return AsOf(day or datetime.now(zone).date(), zone)


def make_engine(name: EngineName, whence: Whence, client: Client | None) -> Engine:
    """The engine that is asked for, over the patients that are meant; `client` where they are on a server.

    Raises UsageError where the two do not go together.
    """
    if name in (EngineName.DUCKDB, EngineName.SPARK):
        raise UsageError(
            f"the engine {name.value} is not in this version",
            where="--engine",
            expected="auto, memory or search",
            remedy="use --engine memory for files, --engine search for a server",
        )
    if client is not None:
        if name is EngineName.MEMORY:
            raise UsageError(
                "the engine memory reads files, and a server is given",
                where="--engine",
                expected="search, or auto",
                remedy="leave --engine out, or give --ndjson or --bundles",
            )
        return FhirSearch(client)
    if name is EngineName.SEARCH:
        raise UsageError(
            "the engine search asks a server, and files are given",
            where="--engine",
            expected="memory, or auto",
            remedy="leave --engine out, or give --server",
        )
    source = str(whence.ndjson or whence.bundles)
    return InMemory(gather(whence.lines()), exported=whence.ndjson is not None, source=source)


def held_subjects(engine: Engine) -> list[Resource]:
    """The ResearchSubjects that are among the resources of an engine's files."""
    if not isinstance(engine, InMemory):
        return []
    return [
        resource
        for resources in engine.cohort.resources.values()
        for resource in resources
        if resource.get("resourceType") == "ResearchSubject"
    ]


def demo_engine(cohort: Cohort) -> Engine:
    """The in-memory engine over a synthetic cohort, read as its Bundles would be from files."""
    from fhirscreen import synthetic  # noqa: PLC0415 - the service starts without it

    lines = [line for name, bundle in synthetic.bundles(cohort).items() for line in unbundled(bundle, name)]
    return InMemory(gather(lines))
