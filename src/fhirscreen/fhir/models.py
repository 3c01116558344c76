"""The R4 models of fhir.resources, asked at the edges: never where patients are read by the thousand.

Its R4B models are those of R4 for every type that we write; only EvidenceVariable and PlanDefinition differ.
"""

from __future__ import annotations

from pydantic import ValidationError

from fhirscreen.fhir.entries import Resource


def model_fault(resource: Resource) -> str | None:
    """Where a resource breaks its model, without what stands there; None where it does not.

    Structure, types, cardinality and required elements; not value sets.
    """
    from fhir.resources.R4B import get_fhir_model_class  # noqa: PLC0415 - slow to import

    try:
        model = get_fhir_model_class(str(resource.get("resourceType")))
    except (KeyError, ValueError):
        return "resourceType is not one of R4"
    try:
        model.model_validate(resource)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or str(resource.get("resourceType"))
        return f"{place}: {first['type'].replace('_', ' ')}"
    return None
