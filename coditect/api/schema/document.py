"""The whole document of one dialect, from the router's routes."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.utils.text import capfirst
from drf_spectacular.plumbing import ComponentRegistry

from coditect.api.routers import Route, Router
from coditect.api.schema import events, headers
from coditect.api.schema.description import Answer, Description, Nothing, PageOf, description_of
from coditect.api.schema.failures import extra_of, failures_of
from coditect.api.schema.forms import Form
from coditect.api.schema.requests import AutoSchema
from coditect.api.schema.security import SECURITY_SCHEMES, needs_log_in, security_of
from coditect.api.schema.shapes import Schema, Shapes
from coditect.api.views import ApiView

CONVERTER = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")
PATH_KINDS: dict[str, Schema] = {
    "uuid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer", "minimum": 0},
    "str": {"type": "string", "pattern": "^[^/]+$"},
    "slug": {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"},
}
METHODS = ("get", "post", "put", "patch", "delete")
INTRODUCTION = """\
Every answer carries `X-Request-ID`, and is JSON unless it is a file to be kept. A failure is always JSON, with a stable
`code` and a sentence for people.

Any body of another type than JSON is a 415, also where none is expected; one over 1 MiB a 413. A method that a path
does not have is a 405 `method_not_allowed` with `Allow`, an unknown path a 404 `not_found`, plain HTTP outside
development a 403 `https_required`. A 500 `internal_error` is a defect of ours. All speak like the other failures.

Requests act on the organization in `X-Organization-Id`, else on the caller's first.
"""


def operations_of(route: Route) -> Iterator[tuple[str, Description | None]]:
    """The methods of a route with their descriptions; None for one without."""
    for method in METHODS:
        handler = getattr(route.view, method, None)
        if handler is not None and method in route.view.http_method_names:
            yield method, description_of(handler)


class Document:
    """Collects paths and components while it walks over the routes."""

    def __init__(self, router: Router, form: Form) -> None:
        self.form = form
        self.routes = [route for route in router.routes if form.dialect in route.dialects]
        self.registry = ComponentRegistry()
        self.shapes = Shapes()
        self.ids: set[str] = set()

    def build(self) -> dict[str, Any]:
        """The document; a test sees to it that no operation lacks a description."""
        items = ((self._path(route), self._path_item(route)) for route in self.routes)
        paths = {path: item for path, item in items if item}
        requests = self.registry.build({}).get("schemas", {})
        webhooks = events.webhooks(self.shapes)
        schemas = {**self.form.components, **self.shapes.components, **requests}
        return {
            "openapi": "3.1.0",
            "info": {
                "title": f"CODITECT licensing API, {self.form.title}",
                "version": settings.CODITECT_VERSION,
                "description": INTRODUCTION,
            },
            "servers": [{"url": "/"}],
            "tags": [{"name": name} for name in self._tags()],
            "paths": dict(sorted(paths.items())),
            "webhooks": webhooks,
            "components": {
                "schemas": dict(sorted(schemas.items())),
                "headers": headers.COMPONENTS,
                "parameters": events.COMPONENTS,
                "securitySchemes": SECURITY_SCHEMES,
            },
        }

    def _path(self, route: Route) -> str:
        path = CONVERTER.sub(lambda match: f"{{{match['name']}}}", route.path)
        return f"/{self.form.dialect.prefix}{path}{self.form.dialect.slash}"

    def _path_item(self, route: Route) -> Schema:
        item: Schema = {}
        for method, description in operations_of(route):
            if description is not None:
                item[method] = self._operation(route, method, description)
        return item

    def _operation(self, route: Route, method: str, description: Description) -> Schema:
        view = route.view()
        text = getattr(route.view, method).__doc__ or ""
        operation = {
            "operationId": self._operation_id(route, description),
            "summary": description.summary,
            "description": re.sub(r"\s*Raises .*", "", text, flags=re.DOTALL).strip(),
            "tags": [description.tag],
            "parameters": self._parameters(route, view, description),
            "requestBody": self._request_body(view, description),
            "responses": self._responses(view, description),
            "security": security_of(view, method) if needs_log_in(view, description) else [],
        }
        return {name: value for name, value in operation.items() if value or name == "security"}

    def _operation_id(self, route: Route, description: Description) -> str:
        """The description's id; with the path added where another path has the same operation."""
        is_first = description.id not in self.ids
        self.ids.add(description.id)
        return description.id if is_first else f"{description.id}_at_{re.sub(r'[^a-z0-9]+', '_', route.path)}"

    def _parameters(self, route: Route, view: ApiView, description: Description) -> list[Schema]:
        found: list[Schema] = [
            {"name": match["name"], "in": "path", "required": True, "schema": PATH_KINDS[match["kind"] or "str"]}
            for match in CONVERTER.finditer(route.path)
        ]
        found += [{"name": name, "in": "header", **about} for name, about in view.request_headers.items()]
        found += [headers.IDEMPOTENCY_KEY] if description.takes_key else []
        if description.query is not None:
            found += AutoSchema(view, self.registry).query(description.query)
        if description.is_list:
            found += [
                {"name": name, "in": "query", "description": text, "schema": schema}
                for name, text, schema in self.form.paging
            ]
        return found

    def _request_body(self, view: ApiView, description: Description) -> Schema | None:
        if description.request is None:
            return None
        schema = AutoSchema(view, self.registry).body(description.request)
        content: Schema = {"schema": {"type": "array", "items": schema} if description.takes_many else schema}
        if description.example is not None:
            content["example"] = description.example
        return {"required": True, "content": {"application/json": content}}

    def _responses(self, view: ApiView, description: Description) -> Schema:
        found: Schema = {}
        for answer in description.answers:
            status, media_type, schema = self._answer(answer)
            found[str(int(status))] = self._response(description, status, capfirst(status.phrase), media_type, schema)
        for failure in failures_of(view, description, self.form):
            if str(int(failure.status)) not in found:
                schema = self.form.error(sorted(failure.texts), extra_of(view), is_input=failure.is_input)
                found[str(int(failure.status))] = self._response(
                    description, failure.status, failure.text, "application/json", schema
                )
        return dict(sorted(found.items()))

    def _answer(self, answer: Answer | PageOf | Nothing) -> tuple[HTTPStatus, str, Schema | None]:
        if isinstance(answer, PageOf):
            return HTTPStatus.OK, "application/json", self.form.page(answer.key, self.shapes.schema(answer.shape))
        if isinstance(answer, Nothing):
            if self.form.is_silent:
                return HTTPStatus.NO_CONTENT, "", None
            answer = Answer(answer.shape)
        schema = self.shapes.schema(answer.shape)
        return answer.status, answer.media_type, self.form.success(schema) if answer.is_enveloped else schema

    @staticmethod
    def _response(
        description: Description, status: HTTPStatus, text: str, media_type: str, schema: Schema | None
    ) -> Schema:
        limited, keyed = description.is_limited, description.takes_key
        response: Schema = {
            "description": text,
            "headers": headers.headers_of(status, is_limited=limited, takes_key=keyed),
        }
        if schema is not None:
            response["content"] = {media_type: {"schema": schema}}
        return response

    def _tags(self) -> list[str]:
        found = [found.tag for route in self.routes for _, found in operations_of(route) if found is not None]
        return sorted(set(found))
