"""The groups of settings: one model each, nested by `__` in variables and by indentation in a file."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from fhirscreen.settings.fields import (
    BaseUrl,
    Count,
    Data,
    File,
    Hours,
    Lanes,
    Seconds,
    Secret,
    Urls,
    WebUrl,
    Words,
    wrong,
)


class Group(BaseModel):
    """Settings that belong together: unknown names are errors, and no value is in an error's text."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ServerSettings(Group):
    """A FHIR server, and how to authenticate with it: not at all, by token, by password, or by SMART."""

    url: BaseUrl
    """Its base URL."""
    token: Secret | None = None
    """A bearer token for it."""
    username: str | None = None
    """For basic authentication, with the password."""
    password: Secret | None = None
    """The password."""
    client_id: str | None = None
    """SMART Backend Services: the id that the server registered for this client."""
    key_file: File | None = None
    """SMART Backend Services: the private key, as JWK or PEM."""
    key_id: str | None = None
    """SMART Backend Services: the `kid` of the key, where the key itself names none."""
    token_url: WebUrl | None = None
    """SMART Backend Services: where tokens are asked for; without it, the server's own discovery says."""
    scope: str = "system/*.rs"
    """SMART Backend Services: the scopes to ask for."""
    ca_file: File | None = None
    """Certificates of the authority that signed the server's, as PEM."""
    proxy: str | None = Field(default=None, repr=False)
    """A proxy on the way to it."""
    timeout: Seconds = 60.0
    """Seconds that a request waits for the next byte of its answer."""
    concurrency: Lanes = 8
    """Requests at the same time."""
    requests_per_second: Annotated[float, Field(gt=0)] | None = None
    """The most requests a second, where the server asks for mercy."""

    @model_validator(mode="after")
    def _authenticate_once(self) -> Self:
        check_authentication(self.token, self.username, self.password, "")
        if self.client_id is not None and (self.token is not None or self.username is not None):
            raise wrong(
                "two ways to authenticate are set", "a client id with its key, a token, or a password"
            )
        if (self.client_id is None) != (self.key_file is None):
            raise wrong("half of SMART Backend Services is set", "client_id and key_file")
        return self


def check_authentication(
    token: Secret | None, username: str | None, password: Secret | None, prefix: str
) -> None:
    """Raises what a validator raises where a server's credentials are half or twice."""
    if (username is None) != (password is None):
        missing = "USERNAME" if username is None else "PASSWORD"
        raise wrong(
            "half of a basic authentication is set", "a user name and a password", where=prefix + missing
        )
    if token is not None and username is not None:
        where = f"{prefix}TOKEN, {prefix}USERNAME"
        raise wrong("two ways to authenticate are set", "a token, or a user name and password", where=where)


class AccessSettings(Group):
    """Who may ask the service."""

    mode: Literal["none", "token", "oidc"] = "none"
    """`none` serves this machine alone; `token`: API tokens of the store; `oidc`: JWTs of an issuer."""
    issuer: str | None = None
    """`oidc`: the issuer that a JWT must name."""
    audience: str | None = None
    """`oidc`: the audience that a JWT must name; without it, the public URL."""
    keys_url: WebUrl | None = None
    """`oidc`: where the issuer publishes its keys (JWKS); without it, its discovery document says."""
    keys_file: File | None = None
    """`oidc`: the issuer's keys (JWKS) as a file, where it cannot be asked."""
    roles_claim: str = "roles"
    """`oidc`: the claim that holds the roles; dots lead into objects."""
    name_claim: str = "sub"
    """`oidc`: the claim that names who asks, in the audit trail and beside decisions."""
    roles: dict[str, Literal["coordinator", "investigator", "designer", "admin"]] = {}
    """`oidc`: the issuer's names of roles or groups, each with the role that it stands for here; once one is
    set, no other name counts. Without any, ours are the issuer's too."""
    client_id: str | None = None
    """`oidc`: this service's client id at the issuer, for signing in to the pages."""
    client_secret: Secret | None = None
    """`oidc`: its secret."""
    session_secret: Secret | None = None
    """Signs the cookie of the pages; without it, one made at start, so that a restart signs people out."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.mode == "oidc" and self.issuer is None:
            raise wrong("access by OIDC lacks its issuer", "access.issuer", where="ISSUER")
        return self


class CdsIssuer(Group):
    """An EHR that may call CDS Hooks: the issuer of its JWTs and their keys."""

    issuer: str
    """The `iss` of its JWTs."""
    keys_url: WebUrl | None = None
    """Where its keys are (JWKS); a `jku` of a JWT must equal it."""
    keys_file: File | None = None
    """Its keys (JWKS) as a file."""
    clients: Words = ()
    """The tenants that may call; empty: all."""
    fhir_servers: Urls = ()
    """The FHIR servers that its calls may name, and no other; one of `servers` among them is asked with our
    own credentials where a call lends none. Empty: those of `cds.fhir_servers` and `servers`, and never with
    ours. Of a call that names no server, patients are those of the only one here."""

    @model_validator(mode="after")
    def _keys(self) -> Self:
        if (self.keys_url is None) == (self.keys_file is None):
            raise wrong("an issuer needs its keys from one place", "keys_url or keys_file")
        return self


class CdsSettings(Group):
    """CDS Hooks: who may call, and when a card is shown."""

    issuers: Annotated[tuple[CdsIssuer, ...], Data] = ()
    """The issuers whose JWTs are accepted, each with `issuer` and `keys_url` or `keys_file`."""
    required: bool = True
    """Whether a call needs a JWT; off only where the service is reached by this machine alone."""
    fhir_servers: Urls = ()
    """The FHIR servers that a call may name in `fhirServer`; others are never asked."""
    specialties: Words = ()
    """The users' specialties (codes of PractitionerRole.specialty) to whom cards are shown; empty: everybody.
    `oesophageal-cancer=CODE` and `NCT00000000=CODE` are about that cancer's studies, or that study alone."""
    keep_calls: bool = False
    """Whether calls are kept, with their patient data, for debugging: in `fhirscreen-calls/` of the working
    folder, without tokens. Leave it off."""
    seconds: Seconds = 5.0
    """Seconds that a call may take for what its prefetch lacks; what the FHIR server has not sent by then
    counts as not fetched."""
    snooze_days: Count = 30
    """Days for which a study that was shown is not shown again for that patient."""
    origins: Words = ()
    """Origins of browser clients that may call (CORS)."""


class UpdateSettings(Group):
    """How news of patients reach us between nightly runs."""

    mode: Literal["off", "poll", "subscription"] = "off"
    """`poll` asks by `_lastUpdated`; `subscription` registers a FHIR R4 Subscription (rest-hook)."""
    seconds: Seconds = 30.0
    """`poll`: seconds between two questions."""
    secret: Secret | None = None
    """`subscription`: what a notification must carry, in the header X-Fhirscreen-Secret."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.mode == "subscription" and self.secret is None:
            raise wrong(
                "notifications without a secret could come from anybody", "updates.secret", where="SECRET"
            )
        return self


class NotifySettings(Group):
    """Who is told of changes, once: counts and links, no patient data."""

    webhook_url: WebUrl | None = None
    """Where changes are posted."""
    webhook_secret: Secret | None = None
    """Signs what is posted (HMAC-SHA-256)."""
    smtp_host: str | None = None
    """The mail server."""
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 587
    """Its port."""
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection to it is secured."""
    smtp_username: str | None = None
    """Signs in to it, with the password."""
    smtp_password: Secret | None = None
    """The password."""
    mail_from: str | None = None
    """The sender."""
    mail_to: Words = ()
    """The receivers."""
    quiet: Hours | None = None
    """Hours in which nothing is sent, in the site's time zone, like 20:00-07:00."""
    every_minutes: Count = 60
    """Minutes between two messages, at least: what changes meanwhile is told in one."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.webhook_url is not None and self.webhook_secret is None:
            raise wrong(
                "a webhook without a secret cannot be signed", "webhook_secret", where="WEBHOOK_SECRET"
            )
        if self.smtp_host is not None and (self.mail_from is None or not self.mail_to):
            raise wrong("mail lacks its sender or receivers", "mail_from and mail_to", where="MAIL_FROM")
        return self


class LimitSettings(Group):
    """What one client may ask of the service."""

    body_mb: Annotated[float, Field(gt=0)] = 20.0
    """The largest body of a request in megabytes, unpacked; more is 413."""
    requests_per_minute: Count = 6000
    """Requests a minute of one caller, by token or sign-in, else (as CDS Hooks) by address; more is 429."""
    request_seconds: Seconds = 60.0
    """Seconds until a request must have come whole (408) and be answered (503)."""
    sending_seconds: Seconds = 600.0
    """Seconds that a client may take to fetch an answer that has begun; then the connection is closed."""
    idle_seconds: Seconds = 10.0
    """Seconds that a connection may stay open without a whole request head."""
    connections: Count = 1000
    """Connections at the same time; more are answered with 503."""
    threads: Count = 16
    """Requests that are worked on at the same time, besides those of `upstream`."""
    upstream: Count = 8
    """Requests that wait for a FHIR server at the same time ($screen, $studies, visits whose prefetch is not
    all); more wait some seconds for their turn, and are then answered with 503."""
