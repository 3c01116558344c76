"""The table of every setting, from Settings itself; `python -m tests.lib.settings` writes its page."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from fhirscreen.settings.fields import PREFIX
from fhirscreen.settings.settings import Settings
from fhirscreen.settings.sources import is_secret, nested

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"
MARK = "<!-- from here on written by python -m tests.lib.settings -->\n"


class Row(NamedTuple):
    """One setting: its variable, its default as text, what it does."""

    variable: str
    default: str
    says: str


class Section(NamedTuple):
    """Settings that belong together, in the order of the model."""

    title: str
    says: str
    rows: list[Row]


def docstrings(model: type[BaseModel]) -> dict[str, str]:
    """What stands below each field of a model."""
    (body,) = (each for each in ast.parse(inspect.getsource(model)).body if isinstance(each, ast.ClassDef))
    told: dict[str, str] = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            assert isinstance(text, ast.Expr), f"{model.__name__}.{field.target.id} says nothing"
            assert isinstance(text.value, ast.Constant)
            told[field.target.id] = " ".join(str(text.value.value).split())
    return told


def default_of(field: FieldInfo) -> str:
    value: Any = field.get_default()
    if field.is_required():
        return "required"
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if value is None or value == () or value == {}:
        return ""
    if isinstance(value, tuple):
        return "`" + ",".join(map(str, value)) + "`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def sections() -> Iterator[Section]:
    """The settings that stand alone, then each group."""
    groups: list[Section] = []
    rows: list[Row] = []
    told = docstrings(Settings)
    for name, field in Settings.model_fields.items():
        model, by_name = nested(field)
        if model is None:
            rows.append(row(PREFIX + name.upper() + ("__NAME" if by_name else ""), field, told[name]))
            continue
        start = f"{PREFIX}{name.upper()}__" + ("NAME__" if by_name else "")
        inner = docstrings(model)
        groups.append(
            Section(
                name,
                told[name],
                [row(start + each.upper(), found, inner[each]) for each, found in model.model_fields.items()],
            )
        )
    rows.append(Row(f"{PREFIX}FILE", "", "A file of settings in YAML; `serve --settings` comes before it."))
    yield Section("Alone", "", rows)
    yield from groups


def row(variable: str, field: FieldInfo, says: str) -> Row:
    secret = " A secret: also from a file." if is_secret(field) else ""
    return Row(variable, default_of(field), says + secret)


def rendered() -> str:
    parts: list[str] = []
    for section in sections():
        parts += [f"## {section.title}", ""]
        parts += [section.says, ""] if section.says else []
        parts += ["| variable | default | sets |", "|---|---|---|"]
        parts += [f"| `{each.variable}` | {each.default} | {each.says} |" for each in section.rows]
        parts.append("")
    return "\n".join(parts)


def page() -> str:
    """The page as it ought to be: what a person wrote, and the tables."""
    return PAGE.read_text(encoding="utf-8").partition(MARK)[0] + MARK + "\n" + rendered()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
