from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from fhirscreen.exceptions import UsageError
from fhirscreen.settings import Settings

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
