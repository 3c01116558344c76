"""A draft of a site file from a census: what is sure stands, what a person must say is a comment."""

from __future__ import annotations

from collections.abc import Iterator

from fhirscreen.criteria.amounts import count_noun
from fhirscreen.fhir.entries import MEDICATIONS
from fhirscreen.screening.census import Census, LocalCode, grouped

_SHOWN, _FOREIGN = 20, 3
"""How many codes of each kind are listed: of the hospital's own systems, and of known ones."""


def draft_site(census: Census, *, name: str = "my-hospital") -> str:
    """A site file as YAML; it loads as it is, and says nothing yet that was not counted."""
    return "\n".join(_lines(census, name)) + "\n"


def _lines(census: Census, name: str) -> Iterator[str]:
    yield "# A draft from what the data hold. Every line behind a # waits for someone who knows the hospital."
    yield f"site: {name}"
    yield f"label: {name}"
    yield "time_zone: UTC  # an IANA name such as Europe/Berlin: dates without a time are local"
    yield ""
    yield "# Since when a source holds every record of its kind: only then is silence taken as no."
    yield "# complete:"
    yield from _complete(census)
    yield from _units(census)
    yield from _codes(census)


def _units(census: Census) -> Iterator[str]:
    bare = sorted(seen.concept for seen in census.units if not seen.unit)
    strange = sorted(seen for seen in census.units if seen.unit and not census.fits(seen))
    if bare:
        yield ""
        yield "# Values without a unit: name it only if the laboratory knows one unit alone."
        yield "# default_units:"
        for concept in bare:
            yield f"#   {concept}: {census.catalogue.concepts[concept].unit}"
    if strange:
        yield ""
        yield "# Units that the mappings cannot compare (a spelling for mappings/units.yaml, or a slip):"
        for seen in strange:
            yield f"#   {seen.concept}: {_quoted(seen.unit)}  # {census.units[seen]} values"


def _complete(census: Census) -> Iterator[str]:
    """A line for each type whose silence can mean anything; those about drugs as one."""
    drugs = [kind for kind in MEDICATIONS if kind in census.newest]
    for kind in sorted({"medications" if kind in MEDICATIONS else kind for kind in census.newest}):
        newest = max(census.newest[each] for each in (drugs if kind == "medications" else [kind]))
        note = f"newest data: {newest}"
        if kind == "medications":
            note += f"; here in {', '.join(drugs)}"
        if kind == "Observation":
            asked = sorted(
                concept.id
                for concept in census.catalogue
                if concept.absence_by_site and any(source.resource == kind for source in concept.sources)
            )
            note += f"; for {', '.join(asked)} (no measurement is ever taken as absent)"
            if not asked:
                continue
        yield f"#   {kind}: 2015-01-01  # or lifelong; {note}"


def _codes(census: Census) -> Iterator[str]:
    local, foreign = census.local(), census.foreign()
    if not local and not foreign:
        return
    yield ""
    yield "# Codes that no concept knows, the most frequent of each kind first. Where one means a concept,"
    yield "# write that in place of CONCEPT; several codes of a concept stand in one list."
    yield "# local_codes:"
    if local:
        yield "#   # of this hospital"
        yield from _listed(census, local, _SHOWN)
    if foreign:
        yield "#   # of systems that the mappings know: most mean nothing to any study (all: --json)"
        yield from _listed(census, foreign, _FOREIGN)


def _listed(census: Census, codes: list[tuple[LocalCode, int]], most: int) -> Iterator[str]:
    for kind, found in grouped(codes).items():
        for code, times in found[:most]:
            system = _quoted(code.system or "(no system)")
            called = census.display(code)
            note = f"{kind}, {count_noun(str(times), 'resource')}{f': {_plain(called)}' if called else ''}"
            yield f"#   CONCEPT: {{{system}: [{_quoted(code.code)}]}}  # {note}"
        if len(found) > most:
            yield f"#   # and {len(found) - most} more codes of {kind}"


def _quoted(text: str) -> str:
    """As a YAML string in double quotes, on one line."""
    return '"' + _plain(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _plain(text: str) -> str:
    """On one line, so that a comment stays one."""
    return "".join(mark if mark.isprintable() else " " for mark in text)
