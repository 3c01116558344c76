"""A draft of a site file from a census: what is sure stands, what a person must say is a comment."""

from __future__ import annotations

from collections.abc import Iterator

from fhirscreen.screening.census import Census

_SHOWN = 40


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
    for kind in sorted(census.newest):
        yield f"#   {kind}: 2015-01-01  # or lifelong; newest data: {census.newest[kind]}"
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


def _codes(census: Census) -> Iterator[str]:
    local = census.local()
    if not local:
        return
    yield ""
    yield "# Codes that no concept knows, the most frequent first: put them under the concept they mean, or"
    yield "# under unrelated_codes. Drugs and diagnoses in other codes keep silence from being no."
    yield "# local_codes:"
    for code, times in local[:_SHOWN]:
        system = _quoted(code.system or "(no system)")
        yield f"#   CONCEPT: {{{system}: [{_quoted(code.code)}]}}  # {code.resource}, {times} resources"
    if len(local) > _SHOWN:
        yield f"#   and {len(local) - _SHOWN} more codes"


def _quoted(text: str) -> str:
    """As a YAML string in double quotes, on one line."""
    plain = "".join(mark if mark.isprintable() else " " for mark in text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
