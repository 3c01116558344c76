"""The settings of one process, read once from environment and file and handed on; nothing else reads them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from fhirscreen.settings.certificates import check_tls
from fhirscreen.settings.fields import (
    PREFIX,
    BaseUrl,
    Count,
    Cron,
    File,
    Folder,
    Lanes,
    Mappings,
    Seconds,
    Secret,
    SiteFile,
    StoreUrl,
    WebUrl,
    Words,
    Wrongs,
    base_url,
)
from fhirscreen.settings.groups import (
    AccessSettings,
    CdsSettings,
    LimitSettings,
    NotifySettings,
    ServerSettings,
    UpdateSettings,
    check_authentication,
)
from fhirscreen.settings.sources import read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_settings.sources import PydanticBaseSettingsSource

__all__ = ["PREFIX", "Settings", "base_url"]

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Settings(BaseSettings):
    """What may be set; a command's own options come before it. Secrets are not in the repr."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        enable_decoding=False,
        env_prefix=PREFIX,
        env_nested_delimiter="__",
    )

    server: BaseUrl | None = None
    """The base URL of the FHIR server; to the service it is the server named `default`."""
    token: Secret | None = None
    """A bearer token for it."""
    username: str | None = None
    """For basic authentication, with the password."""
    password: Secret | None = None
    """The password."""
    timeout: Seconds = 60.0
    """Seconds that a request waits for the next byte of its answer."""
    concurrency: Lanes = 8
    """Requests at the same time."""
    mappings: Mappings | None = None
    """A folder that takes the place of the shipped mappings."""
    site: SiteFile | None = None
    """The site file of this hospital, or the name of a shipped site."""
    terminology: BaseUrl | None = None
    """A terminology server that adds to the value sets of the mappings; it is asked without credentials."""

    servers: dict[str, ServerSettings] = {}
    """More FHIR servers, by names of your own."""
    folders: dict[str, Folder] = {}
    """Folders of Bulk Data (NDJSON) as sources of patients, by names of your own."""
    source: str | None = None
    """The server or folder that runs screen; without it, the only one there is, or `default`."""
    store: StoreUrl = SecretStr("sqlite:///fhirscreen.db")
    """Where the service keeps what it knows: a SQLAlchemy URL of SQLite or PostgreSQL."""
    studies: Words = ()
    """Studies to load at start: files, folders or numbers of shipped ones."""
    site_name: str | None = None
    """The name of this site, in cards, recruiting rows and pages; without it, the site file's id."""

    host: str = "127.0.0.1"
    """The address to listen on; only this machine's own until `access` is set."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """The port to listen on; 0 takes a free one."""
    public_url: WebUrl | None = None
    """The address by which others reach the service: in links, cards and as audience of JWTs."""
    tls_certificate: File | None = None
    """The certificate of the service and its chain, as PEM."""
    tls_key: File | None = None
    """Its private key, as PEM."""
    proxies: Words = ("127.0.0.1",)
    """Addresses of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."""

    access: AccessSettings = AccessSettings()
    """Who may ask."""
    cds: CdsSettings = CdsSettings()
    """CDS Hooks."""

    nightly: Cron | None = None
    """When everybody is screened, as a cron expression in the site's time zone."""
    workers: Annotated[int, Field(ge=0)] = 1
    """Jobs that this process works on at the same time; 0 leaves them to others."""
    updates: UpdateSettings = UpdateSettings()
    """How news of patients reach us between nightly runs."""
    publish: bool = False
    """Whether lists are written to the server that they were screened from."""
    notify: NotifySettings = NotifySettings()
    """Who is told of changes."""

    retention_days: Count | None = None
    """Days after which what is known of a patient and has not changed is deleted; without it, never."""
    audit_days: Count | None = None
    """Days after which the audit trail is deleted; without it, never."""
    audit_server: str | None = None
    """The name of the FHIR server to which the audit trail is posted as AuditEvents; without it, none."""

    limits: LimitSettings = LimitSettings()
    """What one client may ask."""
    metrics_token: Secret | None = None
    """The bearer token that /metrics asks for; without it, whoever reaches the service reads the counts."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severe that is logged."""
    log_json: bool = True
    """Whether logs are JSON, a line each; else text for a terminal."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        wrongs = Wrongs()
        wrongs.take(
            lambda: check_authentication(self.token, self.username, self.password, PREFIX),
            about=("token", "username", "password"),
        )
        if (self.tls_certificate is None) != (self.tls_key is None):
            missing = "TLS_KEY" if self.tls_key is None else "TLS_CERTIFICATE"
            wrongs.add(
                "half of TLS is set",
                "a certificate and its key",
                where=PREFIX + missing,
                about=("tls_certificate", "tls_key"),
            )
        elif self.tls_certificate is not None and self.tls_key is not None:
            certificate, key = self.tls_certificate, self.tls_key
            wrongs.take(lambda: check_tls(certificate, key), about=("tls_certificate", "tls_key"))
        self._check_sources(wrongs)
        self._check_strangers(wrongs)
        wrongs.check()
        return self

    def _check_sources(self, wrongs: Wrongs) -> None:
        """Whoever is screened, told of or written to must be somewhere."""
        about = ("server", "servers", "folders", "source")
        if "default" in self.servers and self.server is not None:
            wrongs.add(
                "two servers are named `default`",
                "another name",
                where=PREFIX + "SERVERS__DEFAULT",
                about=about,
            )
        if self.source is not None and self.source not in {*self.named_servers, *self.folders}:
            wrongs.add(
                "the source is neither a server nor a folder",
                "one of their names",
                where=PREFIX + "SOURCE",
                about=about,
            )
        if self.audit_server is not None and self.audit_server not in self.named_servers:
            wrongs.add(
                "the audit trail would go to a server that is not set",
                "the name of a FHIR server",
                where=PREFIX + "AUDIT_SERVER",
                about=(*about, "audit_server"),
            )
        source = self.main_source
        remedy = f"set {PREFIX}SERVER, or {PREFIX}SOURCE to one of several"
        if self.nightly is not None and source is None:
            wrongs.add(
                "everybody would be screened by night, and there is no source of patients",
                "a FHIR server or a folder",
                remedy,
                where=PREFIX + "NIGHTLY",
                about=(*about, "nightly"),
            )
        if self.publish and (not self.named_servers or source in self.folders):
            wrongs.add(
                "lists would be published, and what is screened is no FHIR server",
                "a source that is a FHIR server",
                remedy,
                where=PREFIX + "PUBLISH",
                about=(*about, "publish"),
            )
        if self.updates.mode != "off" and source not in self.named_servers:
            wrongs.add(
                "there is no FHIR server to ask for news",
                "a source that is a FHIR server; a folder has no news",
                remedy,
                where=PREFIX + "UPDATES__MODE",
                about=(*about, "updates"),
            )

    def _check_strangers(self, wrongs: Wrongs) -> None:
        """Whoever can reach the service must be asked who he is."""
        open_ = f"set {PREFIX}ACCESS__MODE to token or oidc"
        alone = ", ".join(LOOPBACK)
        public = urlsplit(self.public_url or "").hostname
        if self.host not in LOOPBACK and self.access.mode == "none":
            wrongs.add(
                "the service would answer other machines without knowing who asks",
                f"a host of this machine alone ({alone}), or who may ask",
                open_,
                where=PREFIX + "HOST",
                about=("host", "access"),
            )
        if public is not None and public not in LOOPBACK and self.access.mode == "none":
            wrongs.add(
                "the service has an address for others, and would not know who asks",
                f"an address of this machine alone ({alone}), or who may ask",
                open_,
                where=PREFIX + "PUBLIC_URL",
                about=("public_url", "access"),
            )
        if public is not None and public not in LOOPBACK and not self.cds.required:
            wrongs.add(
                "the service has an address for others, and CDS Hooks would not know who calls",
                "an address of this machine alone, or calls with a JWT",
                f"leave out {PREFIX}CDS__REQUIRED",
                where=PREFIX + "CDS__REQUIRED",
                about=("public_url", "cds"),
            )
        if self.host not in LOOPBACK and not self.cds.required:
            wrongs.add(
                "CDS Hooks would answer other machines without knowing who calls",
                "a host of this machine alone, or calls with a JWT",
                f"leave out {PREFIX}CDS__REQUIRED",
                where=PREFIX + "CDS__REQUIRED",
                about=("host", "cds"),
            )

    @property
    def main_source(self) -> str | None:
        """The name of the server or folder that runs screen; None where nothing is set."""
        if self.source is not None:
            return self.source
        names = [*self.named_servers, *self.folders]
        return names[0] if len(names) == 1 else "default" if "default" in names else None

    @property
    def url(self) -> str:
        """The address of the service as others know it; without a public one, where it listens."""
        if self.public_url is not None:
            return self.public_url
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls_certificate is not None else 'http'}://{host}:{self.port}"

    @property
    def named_servers(self) -> dict[str, ServerSettings]:
        """Every FHIR server by its name; the flat settings are the one named `default`."""
        if self.server is None:
            return dict(self.servers)
        default = ServerSettings(
            url=self.server,
            token=self.token,
            username=self.username,
            password=self.password,
            timeout=self.timeout,
            concurrency=self.concurrency,
        )
        return {"default": default, **self.servers}

    @classmethod
    def from_environment(
        cls,
        environment: Mapping[str, str],
        file: Path | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Self:
        """From a command's `options`, the variables that begin with FHIRSCREEN_, a YAML file: in this order.

        An empty variable counts as unset. `file` comes before FHIRSCREEN_FILE. Raises one UsageError that
        names everything that is wrong, and no value.
        """
        return read(cls, environment, file, options or {})

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is handed in alone: the environment is read in `from_environment`, once."""
        return (init_settings,)
