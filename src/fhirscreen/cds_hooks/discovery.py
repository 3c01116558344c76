"""Discovery: the services that an EHR may call (CDS Hooks 2.0, Discovery), one a hook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HOOKS: Mapping[str, str] = {
    "trials-patient-view": "patient-view",
    "trials-appointment-book": "appointment-book",
    "trials-encounter-start": "encounter-start",
    "trials-order-select": "order-select",
}
"""The hook of each service. Ids differ, as clients tell services by their address."""

_WHEN = {
    "patient-view": "when the patient's chart is opened",
    "appointment-book": "when an appointment is booked",
    "encounter-start": "when a visit begins",
    "order-select": "when an order is chosen, such as a first oncology order",
}

REQUIREMENTS = (
    "Send fhirServer with fhirAuthorization where prefetch may be incomplete; scopes "
    "patient/*.rs or user/*.rs of the types in prefetch, and of Medication and ResearchStudy."
)


def services(prefetch: Mapping[str, str]) -> dict[str, Any]:
    """What `GET cds-services` answers; never empty, whatever studies are open."""
    return {
        "services": [
            {
                "hook": hook,
                "id": id,
                "title": "Trials that this patient may fit",
                "description": "Names at most two trials open at this site that the patient may fit, "
                f"{_WHEN[hook]}: what fits, what is open, how to settle it.",
                "prefetch": dict(prefetch),
                "usageRequirements": REQUIREMENTS,
            }
            for id, hook in HOOKS.items()
        ]
    }
