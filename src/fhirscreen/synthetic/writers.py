"""Writing a cohort, byte for byte the same: NDJSON (one file a resource type) or a Bundle a patient."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import orjson

from fhirscreen.synthetic.codes import Json
from fhirscreen.synthetic.cohorts import Cohort

BASE = "http://hospital.example/fhir"


def write_ndjson(cohort: Cohort, folder: Path) -> list[Path]:
    """Writes `<ResourceType>.ndjson` files into `folder`, shared resources first; returns their paths.

    Raises OSError where the folder cannot be written.
    """
    lines: defaultdict[str, list[bytes]] = defaultdict(list)
    for resource in [*cohort.others, *(each for record in cohort.resources.values() for each in record)]:
        lines[resource["resourceType"]].append(orjson.dumps(resource))
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for kind in sorted(lines):
        path = folder / f"{kind}.ndjson"
        path.write_bytes(b"\n".join(lines[kind]) + b"\n")
        paths.append(path)
    return paths


def bundle(resources: Iterable[Json]) -> Json:
    """A transaction that puts each resource under its own id: can be read as a file and posted as it is."""
    entries = [
        {
            "fullUrl": f"{BASE}/{each['resourceType']}/{each['id']}",
            "resource": each,
            "request": {"method": "PUT", "url": f"{each['resourceType']}/{each['id']}"},
        }
        for each in resources
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def bundles(cohort: Cohort) -> dict[str, Json]:
    """A Bundle by name: `shared` first, then one per patient; a merged duplicate rides with its survivor."""
    made = {"shared": bundle(cohort.others)}
    duplicates = {survivor: duplicate for duplicate, survivor in cohort.merged.items()}
    for patient, resources in cohort.resources.items():
        if patient in cohort.merged:
            continue
        duplicate = duplicates.get(patient)
        made[patient] = bundle([*resources, *(cohort.resources[duplicate] if duplicate else [])])
    return made


def write_bundles(cohort: Cohort, folder: Path) -> list[Path]:
    """Writes the Bundles of a cohort as `<name>.json`; returns their paths in the order to load them.

    Raises OSError where the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, made in bundles(cohort).items():
        path = folder / f"{name}.json"
        path.write_bytes(orjson.dumps(made, option=orjson.OPT_INDENT_2))
        paths.append(path)
    return paths
