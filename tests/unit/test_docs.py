"""The documents say what the program does: commands, files, errors, examples, links, the demo's output."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup, TyperOption

import fhirscreen
from fhirscreen import exceptions
from fhirscreen.cli.app import app
from fhirscreen.criteria.checks import check_study
from fhirscreen.criteria.studies import Study
from fhirscreen.criteria.wire import parse_yaml, read_study
from fhirscreen.mapping.loading import load_catalogue, load_site
from fhirscreen.outputs.rows import COLUMNS
from fhirscreen.outputs.runs import FILES
from fhirscreen.plan.resolve import resolve
from fhirscreen.settings.settings import PREFIX, Settings
from fhirscreen.verdicts.reasons import Reason
from tests.lib import settings
from tests.lib.mappings import load_text
from tests.lib.readme import README, block, demo, excerpt

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
MAIN = typer.main.get_command(app)
assert isinstance(MAIN, TyperGroup)
COMMANDS = MAIN.commands

# Mutation testing copies the program without its documents.
pytestmark = pytest.mark.skipif(not DOCS.is_dir(), reason="the documents are not here")

OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """What stands under a heading of the second level."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no section {title!r}"
    return found[1]


def first_cells(text: str) -> list[str]:
    """The first cells of a section's table rows, head and rule left out."""
    rows = [line for line in text.splitlines() if line.startswith("|")]
    return [re.split(r"(?<!\\)\|", row)[1].strip() for row in rows[2:]]


def coded(text: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", text)


def blocks(text: str) -> list[str]:
    """The YAML examples of a page."""
    return re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def errors(kind: type[exceptions.FhirscreenError]) -> Iterator[type[exceptions.FhirscreenError]]:
    yield kind
    for below in kind.__subclasses__():
        if below.__module__ == exceptions.__name__:
            yield from errors(below)


# ---- commands


def test_every_command_has_a_section_and_no_other_has_one() -> None:
    titles = re.findall(r"^## (.*)$", page("reference/commands.md"), re.MULTILINE)
    assert sorted(titles) == sorted([*COMMANDS, "Exit codes", "Settings"])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_documented_and_no_other(name: str) -> None:
    told = section(page("reference/commands.md"), name)
    command = COMMANDS[name]
    parts = list(command.commands.values()) if isinstance(command, TyperGroup) else [command]
    options = [p for part in parts for p in part.params if isinstance(p, TyperOption)]
    existing = {opt for p in options for opt in [*p.opts, *p.secondary_opts]} - {"--help"}
    documented = {
        found[0] for cell in first_cells(told) for text in coded(cell) if (found := OPTION.match(text))
    }
    documented |= {o for cell in first_cells(told) for o in OPTION.findall(cell)}
    assert documented == existing


def test_options_of_all_commands_are_documented() -> None:
    head = page("reference/commands.md").split("\n## ")[0]
    existing = {opt for p in MAIN.params if isinstance(p, TyperOption) for opt in p.opts} | {"--help"}
    assert set(coded("".join(first_cells(head)))) == existing


def test_exit_codes_are_documented() -> None:
    told = first_cells(section(page("reference/commands.md"), "Exit codes"))
    codes = {0} | {kind.exit_code for kind in errors(exceptions.FhirscreenError)}
    assert [int(code) for code in told] == sorted(codes)


def test_every_setting_is_documented() -> None:
    told = "".join(first_cells(section(page("reference/commands.md"), "Settings")))
    alone = [PREFIX + name.upper() for name in Settings.model_fields]
    assert coded(told) == alone[: alone.index(PREFIX + "SERVERS")]
    assert settings.PAGE.read_text(encoding="utf-8") == settings.page(), "python -m tests.lib.settings"


def test_every_error_is_documented_with_its_exit_code() -> None:
    told = section(page("reference/errors.md"), "What ends a command")
    rows = dict(re.findall(r"^\| `(\w+)` \| (\d) \|", told, re.MULTILINE))
    existing = {kind.__name__: str(kind.exit_code) for kind in errors(exceptions.FhirscreenError)}
    assert rows == existing


# ---- outputs


def test_every_file_of_a_run_is_documented() -> None:
    table = page("reference/outputs.md").split("\n## ")[0]
    assert coded("".join(first_cells(table))) == list(FILES)


def test_the_columns_of_the_verdicts_are_documented() -> None:
    assert coded("".join(first_cells(section(page("reference/outputs.md"), "verdicts.csv")))) == list(COLUMNS)


def test_the_reasons_are_documented_in_their_order() -> None:
    told = first_cells(section(page("reference/outputs.md"), "Reasons"))
    assert coded("".join(told)) == [reason.value for reason in Reason]


# ---- examples


def example_study() -> Study:
    return read_study(parse_yaml(blocks(page("how-to/write-a-study.md"))[0], "example.yaml"), "example.yaml")


def test_the_example_study_is_sound() -> None:
    catalogue, study = load_catalogue(), example_study()
    assert [str(lint) for lint in check_study(study, catalogue)] == []
    assert len(resolve([study], catalogue).studies[0].criteria) == len(study.criteria)


def test_every_example_of_a_criterion_can_be_resolved() -> None:
    told = section(page("how-to/write-a-study.md"), "What you can ask")
    found = re.findall(r"^\|.*\| `([a-z_]+: .*)` \|$", told, re.MULTILINE)
    assert len(found) >= 12
    criteria = "".join(f"  - id: c{n}\n    says: An example\n    {text}\n" for n, text in enumerate(found))
    text = f"study: A\ntitle: A\npopulation: {{cancer: gastric-cancer}}\ninclusion:\n{criteria}"
    plan = resolve([read_study(parse_yaml(text, "a.yaml"), "a.yaml")], load_catalogue())
    assert len(plan.studies[0].criteria) == len(found)


def test_the_example_concepts_load(tmp_path: Path) -> None:
    examples = blocks(page("how-to/add-a-concept.md"))
    catalogue = load_text(tmp_path, "\n".join(examples))
    assert [concept.kind.value for concept in catalogue] == [
        "measurement",
        "diagnosis",
        "category",
        "therapy",
    ]


def test_the_example_site_fits_the_mappings(tmp_path: Path) -> None:
    file = tmp_path / "my-hospital.yaml"
    file.write_text(blocks(page("how-to/describe-a-site.md"))[0], encoding="utf-8")
    assert load_catalogue().at(load_site(file)).site.id == "my-hospital"


# ---- pages


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        linked = (path.parent / file).resolve() if file else path
        assert linked.exists(), target
        if anchor and linked.suffix == ".md":
            assert anchor in anchors(linked), target


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_decisions_are_numbered_and_listed() -> None:
    files = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    assert [int(file.name[:4]) for file in files] == list(range(1, len(files) + 1))
    listed = re.findall(r"^- \[(.*)\]\((.*)\)$", page("decisions/README.md"), re.MULTILINE)
    titles = [file.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ") for file in files]
    assert listed == list(zip(titles, [file.name for file in files], strict=True))


def test_every_room_is_in_the_architecture() -> None:
    told = set(coded("".join(first_cells(section(page("architecture.md"), "The rooms")))))
    source = Path(fhirscreen.__file__).parent
    rooms = {each.stem for each in source.iterdir() if each.is_dir() or each.suffix == ".py"}
    assert told == {room for room in rooms if not room.startswith("_")}


def test_clarifications_say_where_they_were_taken() -> None:
    source = Path(fhirscreen.__file__).parent
    rows = [line for line in page("fhir-clarifications.md").splitlines() if line.startswith("|")]
    places = {
        coded(cells[2])[0] for row in rows if len(coded((cells := row.strip("|").split(" | "))[-1])) == 1
    }
    assert len(places) > 10
    for place in places:
        assert (source / re.sub(r"^evaluator/", "engines/evaluator/", place)).exists(), place


def test_the_readme_shows_what_the_demo_prints() -> None:
    """Where the output was meant to change: `python -m tests.lib.readme`."""
    assert block(README.read_text(encoding="utf-8")) == excerpt(demo())


def test_the_example_settings_can_be_set(tmp_path: Path) -> None:
    text = blocks(page("how-to/serve.md"))[0].replace("/etc/fhirscreen", str(tmp_path))
    (tmp_path / "fhirscreen.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "key.pem").touch()
    (tmp_path / "site.yaml").touch()
    found = Settings.from_environment({}, tmp_path / "fhirscreen.yaml")
    assert found.source == "main"
    assert found.nightly == "30 2 * * *"
