"""The Facade: takes routes with what they declare, so that documents and behaviour cannot part."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Path, Request, Response
from starlette.convertors import StringConvertor, register_url_convertor

from fhirscreen.api.fhir import documents
from fhirscreen.api.fhir.calls import PREFIX, Call
from fhirscreen.api.fhir.declarations import ID, Declared, Operation, SearchParameter
from fhirscreen.api.fhir.negotiation import FORM, check_body_type
from fhirscreen.api.fhir.queries import Asked, ask
from fhirscreen.api.guards.deadlines import DUE
from fhirscreen.api.outcomes import Refusal
from fhirscreen.api.security import LOCAL, require
from fhirscreen.bootstrap.services import Service
from fhirscreen.fhir_client import due


class _Ids(StringConvertor):
    """Ids in paths: what can be none is no address of ours (404), and `_search` is an address of its own."""

    regex = ID


register_url_convertor("fhir_id", _Ids())

Id = Annotated[str, Path(pattern=f"^{ID}$", description="The id of the resource")]
Reading = Callable[[Call, str], Response]
Searching = Callable[[Call, Asked], Response]
Writing = Callable[[Call, str, bytes], Response]


async def body_of(request: Request) -> bytes:
    """The body, which a guard has read already."""
    return await request.body()


Body = Annotated[bytes, Depends(body_of)]


WRITING = "system/ResearchSubject.u"
"""What whoever changes a list needs."""


class Facade:
    """Routes under `/fhir`. What is registered here stands in `declared`; nothing else does."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.routes = APIRouter(prefix=PREFIX, tags=["FHIR"])
        self.declared: dict[str, Declared] = {}

    def resource(self, type: str, says: str, versioning: str = "versioned") -> None:
        """Says what a resource type is here."""
        self.declared[type] = Declared(type, says, versioning)

    def read(self, type: str, says: str, function: Reading) -> None:
        """`GET type/id`."""
        self.declared[type].interactions["read"] = says

        def endpoint(request: Request, id: Id) -> Response:
            return function(Call(self.service, request), id)

        self._add(
            "GET",
            f"/{type}/{{id:fhir_id}}",
            endpoint,
            f"system/{type}.r",
            documents.reading(type),
            f"read{type}",
            says,
        )

    def vread(self, type: str, says: str, function: Callable[[Call, str, str], Response]) -> None:
        """`GET type/id/_history/version`."""
        self.declared[type].interactions["vread"] = says

        def endpoint(request: Request, id: Id, version: Id) -> Response:
            return function(Call(self.service, request), id, version)

        path = f"/{type}/{{id:fhir_id}}/_history/{{version:fhir_id}}"
        self._add("GET", path, endpoint, f"system/{type}.r", documents.reading(type), f"vread{type}", says)

    def search(
        self, type: str, says: str, parameters: Sequence[SearchParameter], function: Searching
    ) -> None:
        """`GET type?…` and `POST type/_search`."""
        declared = self.declared[type]
        declared.interactions["search-type"] = says
        declared.parameters = tuple(parameters)

        def answer(request: Request, pairs: Iterable[tuple[str, str]]) -> Response:
            call = Call(self.service, request)
            lenient = call.preferences.get("handling") == "lenient"
            return function(call, ask(parameters, pairs, lenient=lenient))

        def by_get(request: Request) -> Response:
            return answer(request, request.query_params.multi_items())

        def by_post(request: Request, body: Body) -> Response:
            return answer(request, [*request.query_params.multi_items(), *_form(request, body)])

        need = f"system/{type}.s"
        described = documents.searching(type, parameters)
        self._add("GET", f"/{type}", by_get, need, described, f"search{type}", says)
        posted = documents.posting(type, parameters)
        path = f"/{type}/_search"
        self._add("POST", path, by_post, need, posted, f"search{type}ByPost", f"{says}, by POST")

    def update(self, type: str, says: str, function: Writing, described: documents.Described) -> None:
        """`PUT type/id` with the FHIR resource itself."""
        self.declared[type].interactions["update"] = says
        self.put(type, says, function, described)

    def put(self, type: str, says: str, function: Writing, described: documents.Described) -> None:
        """`PUT type/id` of something else than the resource: no FHIR update, and not declared as one."""

        def endpoint(request: Request, id: Id, body: Body) -> Response:
            return function(Call(self.service, request), id, body)

        self._add(
            "PUT", f"/{type}/{{id:fhir_id}}", endpoint, f"system/{type}.u", described, f"update{type}", says
        )

    def operation(self, operation: Operation, function: Writing) -> None:
        """`GET` and `POST type/id/$name`."""
        self.declared[operation.type].operations.append(operation)

        async def work(request: Request, id: str, body: bytes) -> Response:
            """Operations fetch from FHIR servers; nobody waits for what the client no longer waits for."""

            def run() -> Response:
                with due(request.scope.get(DUE)):
                    return function(Call(self.service, request), id, body)

            return await self.service.upstream.run(run)

        async def by_get(request: Request, id: Id) -> Response:
            return await work(request, id, b"")

        async def by_post(request: Request, id: Id, body: Body) -> Response:
            return await work(request, id, body)

        path = f"/{operation.type}/{{id:fhir_id}}/${operation.name}"
        need = "system/ResearchSubject.rs"  # whatever it is called on, it tells of a patient
        name = f"{operation.name}{operation.type}"
        self._add(
            "GET", path, by_get, need, documents.operating(operation, post=False), name, operation.title
        )
        posted = documents.operating(operation, post=True)
        need = WRITING if operation.writes else need
        self._add("POST", path, by_post, need, posted, f"{name}ByPost", operation.title)

    def type_operation(
        self,
        operation: Operation,
        endpoint: Callable[..., Response],
        need: str,
        described: documents.Described,
    ) -> None:
        """`POST type/$name`, with a body of its own."""
        self.declared[operation.type].operations.append(operation)
        path, name = f"/{operation.type}/${operation.name}", f"{operation.name}{operation.type}"
        self._add("POST", path, endpoint, need, described, name, operation.title)

    def other(
        self,
        method: str,
        path: str,
        endpoint: Callable[..., Response],
        *,
        need: str,
        described: documents.Described,
        name: str,
        says: str,
    ) -> None:
        """A route that is no interaction with a resource."""
        self._add(method, path, endpoint, need, described, name, says)

    def _add(
        self,
        method: str,
        path: str,
        endpoint: Callable[..., Response | Awaitable[Response]],
        need: str,
        described: documents.Described,
        name: str,
        says: str,
    ) -> None:
        self.routes.add_api_route(
            path,
            endpoint,
            methods=[method],
            summary=says,
            description=f"Needs `{need}`." if need else None,
            operation_id=name,
            response_class=Response,
            responses=described.responses,
            openapi_extra=described.extra,
            dependencies=[Depends(require(self.service, need))] if need else [Depends(_anybody)],
        )


def _anybody(request: Request) -> None:
    request.state.caller = LOCAL


def _form(request: Request, body: bytes) -> list[tuple[str, str]]:
    if not body:
        return []
    check_body_type(request, FORM)
    try:
        return parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=200)
    except ValueError:
        raise Refusal(400, "the form cannot be read", expected="name=value&… in UTF-8") from None
