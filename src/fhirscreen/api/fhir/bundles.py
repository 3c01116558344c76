"""Searchset Bundles, with links that name no patient but where the client named one."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote_plus

from fhirscreen.api.fhir.calls import Call
from fhirscreen.api.fhir.queries import Asked, page_token
from fhirscreen.api.fhir.subsets import subset
from fhirscreen.fhir.entries import Resource


def searchset(
    call: Call, type: str, asked: Asked, found: Sequence[Resource], total: int, more: bool
) -> Resource:
    """One page of a search. `more`: others follow the last one of `found`."""
    query = "&".join(f"{name}={quote_plus(value, safe='|:,/')}" for name, value in asked.pairs)
    here = f"{call.base}/{type}"
    links = [{"relation": "self", "url": f"{here}?{query}" if query else here}]
    if more and found:
        links.append({"relation": "next", "url": f"{here}?_page={page_token(asked, str(found[-1]['id']))}"})
    controls = dict(asked.pairs)
    bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "total": total, "link": links}
    if found and not asked.counts_only:
        bundle["entry"] = [
            {
                "fullUrl": f"{here}/{each['id']}",
                "resource": subset(each, controls),
                "search": {"mode": "match"},
            }
            for each in found
        ]
    return bundle


def cut(resources: Sequence[Resource], asked: Asked) -> tuple[Sequence[Resource], bool]:
    """One page of resources that are all at hand, in the order of their ids; and whether others follow."""
    if asked.counts_only:
        return [], False
    ordered = sorted(resources, key=lambda each: str(each["id"]))
    rest = [each for each in ordered if asked.after is None or str(each["id"]) > asked.after]
    return rest[: asked.count], len(rest) > asked.count


def fits_token(resource: Resource, values: Sequence[str]) -> bool:
    """Whether an identifier of a resource is any of these tokens: `system|value`, or a value alone."""
    held = [(each.get("system", ""), each.get("value")) for each in resource.get("identifier", ())]
    for token in values:
        system, bar, value = token.rpartition("|")
        if any(value == theirs and (not bar or system == whose) for whose, theirs in held):
            return True
    return False
