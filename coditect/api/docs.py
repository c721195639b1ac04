"""The API's description, for programs (the OpenAPI document) and for people (Swagger UI from our own assets)."""

import json
from functools import cache

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from rest_framework.request import Request

from coditect.api.dialects import Dialect
from coditect.api.flat import FLAT
from coditect.api.routers import Router
from coditect.api.schema.document import Document
from coditect.api.schema.forms import FORMS, Form
from coditect.api.throttling import Limit
from coditect.api.views import PublicView

# Swagger UI brings some of its pictures as data: addresses.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class StaticView(PublicView):
    """An endpoint that touches nothing, so there is nothing to limit."""

    form: Form = FORMS[0]
    router: Router = Router()

    def rate_limits(self, request: Request) -> list[Limit]:
        """None."""
        return []


class SchemaView(StaticView):
    """The OpenAPI document of a dialect."""

    def get(self, request: Request) -> HttpResponse:
        """The document itself, in no envelope."""
        return HttpResponse(
            document_text(self.router, self.form),
            content_type="application/json",
            headers={"Cache-Control": "public, max-age=300"},
        )


class DocsView(StaticView):
    """The document as a page."""

    def get(self, request: Request) -> HttpResponse:
        """The page; it may load nothing but our own files."""
        context = {"title": f"CODITECT API, {self.form.title}", "document": _address("schema", self.form.dialect)}
        page = render(request._request, "coditect/docs.html", context)
        page["Content-Security-Policy"] = POLICY
        return page


@cache
def document_text(router: Router, form: Form) -> str:
    """The document as it is served and committed; made once, since routes do not change while the server runs."""
    return json.dumps(Document(router, form).build(), indent=2, ensure_ascii=False) + "\n"


def urls(router: Router) -> list[URLPattern]:
    """`/api/schema/`, `/api/docs/`, `/v1/schema` and `/v1/docs`."""
    return [
        path(_address(name, form.dialect)[1:], view.as_view(dialect=form.dialect, form=form, router=router))
        for form in FORMS
        for name, view in (("schema", SchemaView), ("docs", DocsView))
    ]


def _address(name: str, dialect: Dialect) -> str:
    prefix = "api/" if dialect is FLAT else dialect.prefix
    return f"/{prefix}{name}{dialect.slash}"
