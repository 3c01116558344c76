"""From the data of one entry in `mappings/concepts/` to a Concept."""

from __future__ import annotations

import re

from fhirscreen.fhir.entries import CLINICAL_TYPES, MEDICATIONS
from fhirscreen.mapping.concepts import (
    FORMULAS,
    LIFETIME,
    Concept,
    ConceptKind,
    Role,
    Source,
    ValueName,
    Windows,
)
from fhirscreen.mapping.data import Node
from fhirscreen.mapping.expansions import NONE, Expansions, with_expansion
from fhirscreen.values.codes import CodeSet

_KEYS = (
    "kind", "label", "names", "narrower_names", "sources", "coarser", "disjoint", "judgement", "visits",
    "history", "windows",
    "absence", "about", "sensitive", "unit", "plausible", "molar_mass", "valence", "values",
    "ordered", "pattern", "from", "implied_by", "same_organ", "not_at",
    "condition_stage", "sites", "regional_sites", "persists", "needs_confirmation", "detected_above",
    "undetected_below", "episodes", "work_up", "shown_with",
    "invalidated_by", "unconfirmed_after", "shared_use", "for", "not_for", "routes_not", "elsewhere_after",
    "doses_apart", "drug_names",
    "formula", "reported_as", "computed_as", "source_note", "citation",
)  # fmt: skip
_SOURCE_KEYS = (
    "resource",
    "codes",
    "expansion",
    "except",
    "component",
    "value",
    "morphology",
    "body_site",
    "staging",
)
_STAGINGS = ("clinical", "pathological", "post-therapy", "unspecified")


def read_concept(id: str, node: Node, expansions: Expansions = NONE) -> Concept:
    """One entry as a Concept. Raises MappingError, naming the path, for whatever does not belong there."""
    node.only(*_KEYS)
    try:
        kind = ConceptKind(node.text("kind"))
    except ValueError:
        raise node.refuse("is unknown", ", ".join(ConceptKind), "kind") from None
    derived = kind is ConceptKind.DERIVED
    if derived:
        _check_formula(node)
    elif "formula" in node.data:
        raise node.refuse(f"has no place in a {kind.value}", "`kind: derived`", "formula")
    pattern = node.optional_text("pattern")
    return Concept(
        id=id,
        kind=kind,
        label=node.text("label", id.replace("-", " ")),
        names=node.texts("names"),
        narrower_names=node.texts("narrower_names"),
        sources=tuple(source for role in Role for source in _sources(node, role, expansions)),
        windows=_windows(node),
        absence_by_site=_absence(node),
        about_cancer=_about(node) == "cancer",
        about_metastasis=_about(node) == "metastasis",
        about_other_cancer=_about(node) == "other-cancer",
        sensitive=node.flag("sensitive"),
        unit=node.optional_text("unit"),
        plausible=_plausible(node),
        molar_mass=_molar_mass(node),
        valence=_whole(node, "valence"),
        values=tuple(_value(name, value) for name, value in node.items("values")),
        ordered=node.flag("ordered"),
        pattern=_compiled(node, pattern),
        derived_from=() if derived else _derived_from(node),
        implied_by=tuple((str(name), str(concept)) for name, concept in node.mapping("implied_by").items()),
        condition_stage=node.flag("condition_stage"),
        sites=node.optional_text("sites"),
        regional_sites=node.texts("regional_sites"),
        same_organ=node.codes("same_organ"),
        not_at=node.optional_text("not_at"),
        persists=node.texts("persists"),
        needs_confirmation=node.texts("needs_confirmation"),
        detected_above=node.number("detected_above"),
        undetected_below=node.number("undetected_below"),
        invalidated_by=node.texts("invalidated_by"),
        unconfirmed_after=node.texts("unconfirmed_after"),
        recurs=_recurs(node),
        work_up=node.duration("work_up") if "work_up" in node.data else None,
        shown_with=node.texts("shown_with"),
        shared_use=node.codes("shared_use"),
        counts_for=node.codes("for"),
        not_for=node.codes("not_for"),
        routes_not=node.codes("routes_not"),
        elsewhere_after=node.duration("elsewhere_after") if "elsewhere_after" in node.data else None,
        doses_apart=node.duration("doses_apart") if "doses_apart" in node.data else None,
        drug_names=node.texts("drug_names"),
        computed_as=node.optional_text("computed_as"),
        formula=node.text("formula") if derived else None,
        inputs=node.texts("from") if derived else (),
        reported_as=node.optional_text("reported_as"),
        note=node.optional_text("source_note") or node.optional_text("citation"),
    )


def _check_formula(node: Node) -> None:
    formula = node.text("formula")
    if formula not in FORMULAS:
        raise node.refuse(f"is {formula!r}", ", ".join(FORMULAS), "formula")
    if not node.texts("from"):
        raise node.refuse("is missing", "the measurements that it is computed from", "from")


def _sources(node: Node, role: Role, expansions: Expansions) -> list[Source]:
    found: list[Source] = []
    for entry in node.nodes(role.value):
        entry.only(*_SOURCE_KEYS)
        resource = entry.text("resource")
        if resource not in (*CLINICAL_TYPES, "medications"):
            raise entry.refuse(f"is {resource!r}", ", ".join((*CLINICAL_TYPES, "medications")), "resource")
        staging = entry.optional_text("staging")
        if staging is not None and staging not in _STAGINGS:
            raise entry.refuse(f"is {staging!r}", ", ".join(_STAGINGS), "staging")
        codes = Node(
            {**entry.data, "codes": with_expansion(entry, expansions)}, entry.where, entry.error
        ).codes("codes", "except")
        if not codes and "component" not in entry.data and not entry.data.get("codes"):
            raise entry.refuse("has no codes", "{system: [codes]}", "codes")
        optional = {
            key: entry.codes(key) if key in entry.data else None
            for key in ("component", "value", "morphology", "body_site")
        }
        assessed = None if staging == "unspecified" else staging
        kinds = MEDICATIONS if resource == "medications" else (resource,)
        found.extend(Source(kind, codes, role, staging=assessed, **optional) for kind in kinds)
    return found


def _windows(node: Node) -> Windows:
    data = node.data.get("windows")
    if data is None:
        return LIFETIME
    windows = Node(data, f"{node.where}.windows", node.error)
    windows.only("decides_within", "shows_within")
    decides = windows.duration("decides_within")
    shows = windows.duration("shows_within") if "shows_within" in windows.data else decides
    return Windows(decides, shows)


def _absence(node: Node) -> bool:
    policy = node.text("absence", "never")
    if policy not in ("never", "site"):
        raise node.refuse(f"is {policy!r}", "never or site", "absence")
    return policy == "site"


def _recurs(node: Node) -> bool:
    episodes = node.text("episodes", "one")
    if episodes not in ("one", "recurring"):
        raise node.refuse(f"is {episodes!r}", "one or recurring", "episodes")
    return episodes == "recurring"


def _about(node: Node) -> str:
    about = node.text("about", "patient")
    if about not in ("patient", "cancer", "metastasis", "other-cancer"):
        raise node.refuse(f"is {about!r}", "patient, cancer, metastasis or other-cancer", "about")
    return about


def _plausible(node: Node) -> tuple[float | None, float | None]:
    value = node.data.get("plausible")
    if value is None:
        return (None, None)
    numbers = (int, float, type(None))
    if not isinstance(value, list) or len(value) != 2 or not all(isinstance(x, numbers) for x in value):
        raise node.refuse("is not a pair of numbers", "[low, high]", "plausible")
    low, high = (None if x is None else float(x) for x in value)
    if low is not None and high is not None and low >= high:
        raise node.refuse("is empty", "low below high", "plausible")
    return (low, high)


def _whole(node: Node, key: str) -> int | None:
    number = node.number(key)
    if number is not None and not number.is_integer():
        raise node.refuse("is not a whole number", "a whole number", key)
    return None if number is None else int(number)


def _molar_mass(node: Node) -> float | None:
    mass = node.number("molar_mass")
    if mass is not None and mass <= 0:
        raise node.refuse("is not above 0", "g/mol", "molar_mass")
    return mass


def _compiled(node: Node, pattern: str | None) -> re.Pattern[str] | None:
    if pattern is None:
        return None
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise node.refuse(f"is no regular expression: {error}", "a Python expression", "pattern") from None
    if compiled.groups < 1:
        expected = "group 1 that holds the name of a value, or groups named as values"
        raise node.refuse("has no group", expected, "pattern")
    return compiled


def _value(name: str, node: Node) -> ValueName:
    node.only("codes", "integer", "parent", "unknown", "unsettled", "label")
    return ValueName(
        name,
        node.codes("codes") if "codes" in node.data else CodeSet(),
        _whole(node, "integer"),
        node.optional_text("parent"),
        node.flag("unknown"),
        node.flag("unsettled"),
    )


def _derived_from(node: Node) -> tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...]:
    return tuple(
        (concept, tuple((str(value), means.texts(value)) for value in means.data))
        for concept, means in node.items("from")
    )
