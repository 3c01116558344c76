from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from fhirscreen.bootstrap.clinics import make_clinic
from fhirscreen.bootstrap.telling import make_teller
from fhirscreen.exceptions import UsageError
from fhirscreen.settings import Settings
from tests.lib.service import service_for

MAPPINGS = Path(__file__).parents[3] / "mappings"


def test_nothing_set_is_the_defaults() -> None:
    settings = Settings.from_environment({"PATH": "/bin", "FHIRSCREEN_SERVER": "  "})
    assert settings == Settings()
    assert (settings.server, settings.token, settings.username, settings.password) == (None, None, None, None)
    assert (settings.timeout, settings.concurrency) == (60.0, 8)
    assert (settings.mappings, settings.site) == (None, None)


def test_everything_set(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.touch()
    settings = Settings.from_environment({
        "FHIRSCREEN_SERVER": " https://fhir.example.org/r4/ ",
        "FHIRSCREEN_USERNAME": "reader",
        "FHIRSCREEN_PASSWORD": "secret-word",
        "FHIRSCREEN_TIMEOUT": "2.5",
        "FHIRSCREEN_CONCURRENCY": "1",
        "FHIRSCREEN_MAPPINGS": str(MAPPINGS),
        "FHIRSCREEN_SITE": str(site),
    })  # fmt: skip
    assert settings == Settings(
        server="https://fhir.example.org/r4",
        username="reader",
        password=SecretStr("secret-word"),
        timeout=2.5,
        concurrency=1,
        mappings=MAPPINGS,
        site=site,
    )
    assert Settings.from_environment({"FHIRSCREEN_TOKEN": "t0ken"}).token == SecretStr("t0ken")


def test_secrets_are_not_printed() -> None:
    shown = repr(Settings(username="reader", password=SecretStr("secret-word"))) + repr(
        Settings(token=SecretStr("t0ken"))
    )
    assert "secret-word" not in shown
    assert "t0ken" not in shown
    assert "reader" in shown


@pytest.mark.parametrize(
    ("variables", "where", "what"),
    [
        ({"SERVR": "x"}, "SERVR", "a setting is not known"),
        ({"SERVER": "ftp://x.example"}, "SERVER", "the server is no http or https URL"),
        ({"SERVER": "fhir.example.org"}, "SERVER", "the server is no http or https URL"),
        ({"SERVER": "http://"}, "SERVER", "the server is no http or https URL"),
        ({"SERVER": "http://[x"}, "SERVER", "the server is no URL"),
        (
            {"SERVER": "https://u:hidden@x.example"},
            "SERVER",
            "the server's URL carries a user name or password",
        ),
        (
            {"SERVER": "https://hidden@x.example"},
            "SERVER",
            "the server's URL carries a user name or password",
        ),
        ({"SERVER": "https://x.example/?hidden=1"}, "SERVER", "the server's URL carries a query"),
        ({"SERVER": "https://x.example/#hidden"}, "SERVER", "the server's URL carries a query"),
        ({"USERNAME": "u"}, "PASSWORD", "half of a basic authentication is set"),
        ({"PASSWORD": "hidden"}, "USERNAME", "half of a basic authentication is set"),
        (
            {"TOKEN": "hidden", "USERNAME": "u", "PASSWORD": "hidden"},
            "TOKEN, FHIRSCREEN_USERNAME",
            "two ways to authenticate are set",
        ),
        ({"TIMEOUT": "hidden"}, "TIMEOUT", "a setting is not a number"),
        ({"TIMEOUT": "0"}, "TIMEOUT", "a timeout that cannot work"),
        ({"TIMEOUT": "inf"}, "TIMEOUT", "a timeout that cannot work"),
        ({"TIMEOUT": "nan"}, "TIMEOUT", "a timeout that cannot work"),
        ({"CONCURRENCY": "1.5"}, "CONCURRENCY", "a setting is not a number"),
        ({"CONCURRENCY": "0"}, "CONCURRENCY", "a concurrency that cannot work"),
        ({"MAPPINGS": "/no/such/folder"}, "MAPPINGS", "the folder of mappings does not exist"),
        ({"MAPPINGS": __file__}, "MAPPINGS", "the folder of mappings does not exist"),
        ({"SITE": "/no/such/site.yaml"}, "SITE", "the site file does not exist"),
        ({"SITE": str(MAPPINGS)}, "SITE", "the site file does not exist"),
    ],
)
def test_what_cannot_work_names_the_variable_and_not_its_value(
    variables: dict[str, str], where: str, what: str
) -> None:
    with pytest.raises(UsageError) as caught:
        Settings.from_environment({f"FHIRSCREEN_{name}": text for name, text in variables.items()})
    assert caught.value.what == what
    assert caught.value.where == f"FHIRSCREEN_{where}"
    assert caught.value.expected
    assert "hidden" not in str(caught.value)
    assert "hidden" not in str(caught.value.__cause__)


def given(file: Path | None = None, **variables: str) -> Settings:
    return Settings.from_environment({f"FHIRSCREEN_{name}": text for name, text in variables.items()}, file)


def test_groups_are_nested_and_lists_are_words(tmp_path: Path) -> None:
    settings = given(
        SERVERS__MAIN__URL="https://fhir.example.org/r4/",
        SERVERS__MAIN__CONCURRENCY="3",
        SERVERS__OTHER__URL="https://other.example.org",
        FOLDERS__EXPORT=str(tmp_path),
        SOURCE="export",
        STUDIES="NCT1, NCT2 NCT3",
        CDS__ISSUERS='[{"issuer": "https://ehr.example", "keys_url": "https://ehr.example/keys"}]',
        CDS__ORIGINS="https://a.example https://b.example",
        CDS__REQUIRED="no",
        NIGHTLY="30 2 * * *",
        RETENTION_DAYS="90",
    )
    assert settings.servers["main"].url == "https://fhir.example.org/r4"
    assert settings.servers["main"].concurrency == 3
    assert set(settings.named_servers) == {"main", "other"}
    assert settings.folders == {"export": tmp_path}
    assert settings.studies == ("NCT1", "NCT2", "NCT3")
    assert settings.cds.issuers[0].keys_url == "https://ehr.example/keys"
    assert settings.cds.origins == ("https://a.example", "https://b.example")
    assert settings.cds.required is False
    assert settings.retention_days == 90


def test_options_come_before_variables_and_those_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("port: 1\ntimeout: 1\nconcurrency: 1\nlimits: {body_mb: 1, threads: 2}\n")
    variables = {"FHIRSCREEN_FILE": str(file), "FHIRSCREEN_PORT": "2", "FHIRSCREEN_TIMEOUT": "2"}
    variables["FHIRSCREEN_LIMITS__BODY_MB"] = "3"
    settings = Settings.from_environment(variables, options={"port": 3, "host": None})
    assert (settings.port, settings.timeout, settings.concurrency, settings.host) == (3, 2, 1, "127.0.0.1")
    assert (settings.limits.body_mb, settings.limits.threads) == (3, 2)


def test_the_flat_server_is_the_one_named_default() -> None:
    settings = given(SERVER="https://a.example", TOKEN="t0ken", TIMEOUT="9")  # noqa: S106
    server = settings.named_servers["default"]
    assert (server.url, server.timeout, server.token) == ("https://a.example", 9, SecretStr("t0ken"))


def test_secrets_come_from_files(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hidden word\n")
    store = tmp_path / "store"
    store.write_text("postgresql://u:hidden@host/db\n")
    settings = given(
        TOKEN_FILE=str(secret),
        STORE_FILE=str(store),
        SERVERS__MAIN__URL="https://a.example",
        SERVERS__MAIN__PASSWORD_FILE=str(secret),
        SERVERS__MAIN__USERNAME="u",
    )
    assert settings.token == settings.servers["main"].password == SecretStr("hidden word")
    assert settings.store == SecretStr("postgresql://u:hidden@host/db")
    assert "hidden" not in repr(settings)
    with pytest.raises(UsageError, match="a secret is set twice"):
        given(TOKEN="x", TOKEN_FILE=str(secret))  # noqa: S106
    with pytest.raises(UsageError, match="the file of a secret cannot be read"):
        given(TOKEN_FILE="/no/such")  # noqa: S106
    with pytest.raises(UsageError, match="a setting is not known"):
        given(SERVER_FILE=str(secret))  # no secret


def test_everything_that_is_wrong_is_told_at_once_and_no_value(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("site_nme: hidden\nupdates: {mode: hidden}\n")
    with pytest.raises(UsageError) as caught:
        given(
            file,
            PORT="hidden",
            STORE="mysql://hidden@host/db",
            SERVR="hidden",
            SERVERS__MAIN__URL="hidden",
            SERVERS__MAIN__TOKN="hidden",
            NIGHTLY="hidden",
            CDS__ISSUERS="hidden",
            NOTIFY__WEBHOOK_URL="https://hook.example",
        )
    text = str(caught.value)
    assert caught.value.what.startswith("10 settings cannot work")
    for where in (
        "FHIRSCREEN_PORT: a setting is not a number",
        "FHIRSCREEN_STORE: the store's address is that of no store of ours",
        "FHIRSCREEN_SERVR: a setting is not known",
        "FHIRSCREEN_SERVERS__MAIN__URL: the server is no http or https URL",
        "FHIRSCREEN_SERVERS__MAIN__TOKN: a setting is not known",
        "FHIRSCREEN_NIGHTLY: a schedule that cannot be read",
        "FHIRSCREEN_CDS__ISSUERS: a setting is not JSON",
        "FHIRSCREEN_NOTIFY__WEBHOOK_SECRET: a webhook without a secret cannot be signed",
        f"{file}: site_nme: a setting is not known",
        f"{file}: updates.mode: a setting cannot work; expected 'off', 'poll' or 'subscription'",
    ):
        assert where in text
    assert "hidden" not in text


def test_what_settings_say_together_is_told_beside_what_one_says_alone() -> None:
    with pytest.raises(UsageError) as caught:
        given(
            PORT="hidden",
            NIGHTLY="30 2 * * *",
            PUBLISH="true",
            UPDATES__MODE="poll",
            HOST="192.0.2.1",
            TOKEN="t",  # noqa: S106 - nobody's
            USERNAME="u",
        )
    text = str(caught.value)
    assert caught.value.what.startswith("6 settings cannot work")
    for where in ("_PORT", "_NIGHTLY", "_PUBLISH", "_UPDATES__MODE", "_HOST", "_PASSWORD"):
        assert f"FHIRSCREEN{where}: " in text
    with pytest.raises(UsageError) as caught:
        given(ACCESS__MODE="hidden", HOST="192.0.2.1")
    assert caught.value.where == "FHIRSCREEN_ACCESS__MODE", "what follows from nothing is not told"


@pytest.mark.parametrize(
    ("variables", "where"),
    [
        ({"NIGHTLY": "30 2 * * *"}, "FHIRSCREEN_NIGHTLY"),
        ({"PUBLISH": "true"}, "FHIRSCREEN_PUBLISH"),
        ({"PUBLISH": "true", "FOLDERS__EXPORT": "."}, "FHIRSCREEN_PUBLISH"),
        ({"UPDATES__MODE": "poll", "FOLDERS__EXPORT": "."}, "FHIRSCREEN_UPDATES__MODE"),
    ],
)
def test_what_needs_a_source_is_refused_without_one(variables: dict[str, str], where: str) -> None:
    with pytest.raises(UsageError) as caught:
        given(None, **variables)
    assert caught.value.where == where
    assert "FHIRSCREEN_SERVER" in str(caught.value.remedy)
    settings = given(None, **variables, SERVER="https://h.test/fhir", SOURCE="default")
    assert settings.main_source == "default"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "fhirscreen.example"])  # noqa: S104
def test_other_machines_are_answered_only_where_it_is_known_who_asks(host: str) -> None:
    with pytest.raises(UsageError, match="without knowing who asks"):
        given(HOST=host)
    assert given(HOST=host, ACCESS__MODE="token").host == host


def test_an_address_for_others_asks_who_they_are() -> None:
    there = "https://fhirscreen.example"
    with pytest.raises(UsageError, match="would not know who asks"):
        given(PUBLIC_URL=there)
    with pytest.raises(UsageError, match="would not know who calls"):
        given(PUBLIC_URL=there, ACCESS__MODE="token", CDS__REQUIRED="no")
    assert given(PUBLIC_URL=there, ACCESS__MODE="token").public_url == there
    here = "http://localhost:8000"
    assert given(PUBLIC_URL=here, CDS__REQUIRED="no").public_url == here


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a: [", "the file of settings is not YAML"),
        ("- a", "the file of settings holds no names"),
        ("\x00", "the file of settings is not YAML"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(text)
    with pytest.raises(UsageError, match=what):
        given(file)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("::1", "http://[::1]:8000"),
        ("localhost", "http://localhost:8000"),
    ],
)
def test_the_address_of_the_service_is_one_wherever_it_is_told(tmp_path: Path, host: str, url: str) -> None:
    assert given(HOST=host).url == url
    with service_for(tmp_path, host=host) as service:
        assert make_clinic(service).url == url
        assert make_teller(service).url == url
