"""Where settings come from: options, variables, files with secrets, one YAML file; and all errors at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import yaml
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource

from fhirscreen.exceptions import UsageError
from fhirscreen.settings.fields import PREFIX

Model = TypeVar("Model", bound=BaseSettings)

_FILE = PREFIX + "FILE"


class _Fault(NamedTuple):
    """One thing that is wrong: the place first, so that they sort by it."""

    where: str
    what: str
    expected: str
    remedy: str | None = None


class _Variables(EnvSettingsSource):
    """pydantic-settings' reading of variables, of those that are handed in."""

    def __init__(self, settings: type[BaseSettings], variables: Mapping[str, str]) -> None:
        super().__init__(settings)
        self.env_vars = {name.lower(): text for name, text in variables.items()}


def read(
    settings: type[Model], environment: Mapping[str, str], file: Path | None, options: Mapping[str, Any]
) -> Model:
    """The settings. Raises one UsageError that names everything that is wrong, and no value."""
    variables = {n: text for n, text in environment.items() if n.startswith(PREFIX) and text.strip()}
    named = variables.pop(_FILE, None)
    chosen = file or (Path(named) if named else None)
    faults: list[_Fault] = []
    variables = dict(_with_secrets(settings, variables, faults))
    faults += _unknown(settings, variables)
    written = _read_file(chosen) if chosen else {}
    set_by_variables = _Variables(settings, variables)()
    given = {name: value for name, value in options.items() if value is not None}
    data = _merged(_merged(written, set_by_variables), given)
    unread: set[str] = set()
    for _ in range(2):  # what settings say together is looked at without those that say nothing by themselves
        try:
            found = settings(**{name: value for name, value in data.items() if name not in unread})
        except ValidationError as error:
            faults += _faults(error, given, written, set_by_variables, chosen, unread)
            unread = {str(each["loc"][0]) for each in error.errors(include_url=False) if each["loc"]}
            if not unread:
                break
        else:
            if not faults:
                return found
            break
    raise _error(sorted(set(faults)))


def _with_secrets(
    settings: type[BaseSettings], variables: Mapping[str, str], faults: list[_Fault]
) -> Iterator[tuple[str, str]]:
    """The variables; `X_FILE` of a secret X becomes X with what the file holds, less its last line end."""
    for name, text in variables.items():
        stem = name.removesuffix("_FILE")
        if stem == name or field_of(settings, name) is not None or not is_secret(field_of(settings, stem)):
            yield name, text
            continue
        if stem in variables:
            faults.append(
                _Fault(f"{stem}, {name}", "a secret is set twice", "the secret, or the file that holds it")
            )
            continue
        try:
            yield stem, Path(text).read_text("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            faults.append(
                _Fault(
                    name, "the file of a secret cannot be read", "the path of a file that this user may read"
                )
            )


def field_of(settings: type[BaseModel], variable: str) -> FieldInfo | None:
    """The field that a variable sets; None where there is none."""
    model: type[BaseModel] | None = settings
    field: FieldInfo | None = None
    steps = iter(variable.removeprefix(PREFIX).lower().split("__"))
    for step in steps:
        if model is None or (field := model.model_fields.get(step)) is None:
            return None
        model, by_name = nested(field)
        if by_name and next(steps, None) is None:
            return field
    return field


def nested(field: FieldInfo) -> tuple[type[BaseModel] | None, bool]:
    """The model that a field holds, and whether it holds several by name."""
    annotation: Any = field.annotation
    by_name = getattr(annotation, "__origin__", None) is dict
    kind = annotation.__args__[1] if by_name else annotation
    return (kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None), by_name


def is_secret(field: FieldInfo | None) -> bool:
    """Whether a field holds a secret, which is never shown and may come from a file."""
    if field is None:
        return False
    return field.annotation is SecretStr or SecretStr in getattr(field.annotation, "__args__", ())


def _unknown(settings: type[BaseSettings], variables: Mapping[str, str]) -> Iterator[_Fault]:
    known = sorted(settings.model_fields)
    for name in variables:
        if name.removeprefix(PREFIX).lower().split("__")[0] not in known:
            expected = ", ".join(PREFIX + each.upper() for each in known)
            yield _Fault(name.upper(), "a setting is not known", expected)


def _read_file(path: Path) -> dict[str, Any]:
    expected = "a file of settings in YAML"
    try:
        data = yaml.safe_load(path.read_text("utf-8"))
    except OSError:
        raise UsageError("the file of settings cannot be read", where=str(path), expected=expected) from None
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UsageError(
            "the file of settings is not YAML", where=f"{path}{line}", expected=expected
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise UsageError("the file of settings is not YAML", where=str(path), expected=expected) from None
    if not isinstance(data, dict | None):
        raise UsageError("the file of settings holds no names", where=str(path), expected=expected)
    return data or {}


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(below)
    for name, value in above.items():
        old = found.get(name)
        found[name] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return found


def _faults(
    error: ValidationError,
    given: Mapping[str, Any],
    written: Mapping[str, Any],
    set_: Mapping[str, Any],
    file: Path | None,
    unread: Collection[str],
) -> Iterator[_Fault]:
    for each in error.errors(include_url=False, include_input=False):
        location = tuple(part for part in each["loc"] if part != "[key]")
        context = each.get("ctx", {}) if each["type"] == "fhirscreen" else {}
        for part in context.get("parts", ()):
            if not set(part["about"]).intersection(unread):
                yield _Fault(part["where"], part["what"], part["expected"], part["remedy"])
        if "parts" in context:
            continue
        where = _where(location, given, written, set_, file)
        if (named := context.get("where")) is not None:
            where = (
                named
                if named.startswith(PREFIX)
                else f"{where}{'__' if where.startswith(PREFIX) else '.'}{named}"
            )
            where = where if where.startswith(PREFIX) else where.lower()
        what, expected = _said(each["type"], each["msg"])
        yield _Fault(
            where, context.get("what") or what, context.get("expected") or expected, context.get("remedy")
        )


def _said(kind: str, message: str) -> tuple[str, str]:
    """What pydantic found wrong, without the value that it found."""
    match kind:
        case "int_parsing" | "float_parsing" | "int_from_float" | "int_type" | "float_type":
            return "a setting is not a number", "a number, as digits"
        case "extra_forbidden":
            return "a setting is not known", "one of the documented settings"
        case "missing":
            return "a setting is missing", "a value"
    return "a setting cannot work", message.removeprefix("Input should be ")


def _where(
    location: tuple[int | str, ...],
    given: Mapping[str, Any],
    written: Mapping[str, Any],
    set_: Mapping[str, Any],
    file: Path | None,
) -> str:
    if location and location[0] in given:
        return f"--{location[0]}"
    if file is not None and _holds(written, location) and not _holds(set_, location):
        return f"{file}: {'.'.join(map(str, location))}"
    return PREFIX + "__".join(str(part).upper() for part in location)


def _holds(data: Any, location: tuple[int | str, ...]) -> bool:
    """Whether the place, or the nearest one above it that is set at all, is in `data`."""
    for part in location[:-1] or location:
        if not isinstance(data, Mapping) or part not in data:
            return isinstance(data, list | tuple)
        data = data[part]
    return True


def _error(faults: list[_Fault]) -> UsageError:
    if len(faults) == 1:
        (only,) = faults
        return UsageError(only.what, where=only.where, expected=only.expected, remedy=only.remedy)
    lines = [
        f"  {each.where}: {each.what}; expected {each.expected}" + (f"; {each.remedy}" if each.remedy else "")
        for each in faults
    ]
    return UsageError(
        "\n".join([f"{len(faults)} settings cannot work", *lines]),
        where=", ".join(each.where for each in faults),
        remedy="mend them all; docs/reference/settings.md lists every setting",
    )
