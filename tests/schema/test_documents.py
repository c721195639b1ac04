"""The OpenAPI documents: every operation, valid, current, and served."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import jsonschema_rs
import pytest
from django.test import Client
from schemathesis.specs.openapi.definitions import OPENAPI_31

from coditect.api.docs import document_text
from coditect.api.schema.document import METHODS, operations_of
from coditect.api.schema.forms import FORMS, Form
from coditect.urls import router
from tests.dialects import Api
from tests.schema.conformance import document
from tests.workshop.files import read

SCHEMA_PATHS = {"flat": "/api/schema/", "enveloped": "/v1/schema"}
DOCS_PATHS = {"flat": "/api/docs/", "enveloped": "/v1/docs"}

each_form = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.title)


def operations(dialect: str) -> Iterator[dict[str, Any]]:
    """Every operation of a document."""
    for item in document(dialect)["paths"].values():
        yield from (item[method] for method in METHODS if method in item)


def references(node: Any) -> Iterator[str]:
    """Every $ref below a node."""
    if isinstance(node, dict):
        yield from ([node["$ref"]] if isinstance(node.get("$ref"), str) else [])
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            yield from references(inner)


def is_served(file: str) -> bool:
    """Whether a static file is there and holds something."""
    with closing(Client().get(file)) as response:
        return response.status_code == 200 and response.getvalue() != b""


class TestDocument:
    def test_describes_every_operation(self) -> None:
        undescribed = [
            f"{route.view.__name__}.{method}"
            for route in router.routes
            for method, description in operations_of(route)
            if description is None
        ]
        assert not undescribed, "these lack @describe(…)"

    @each_form
    def test_is_openapi_31(self, form: Form) -> None:
        faults = jsonschema_rs.Draft202012Validator(OPENAPI_31).iter_errors(document(form.title))
        assert [f"{fault.message} at {fault.instance_path}" for fault in faults] == []

    @each_form
    def test_holds_valid_json_schemas(self, form: Form) -> None:
        for name, schema in document(form.title)["components"]["schemas"].items():
            jsonschema_rs.meta.validate(schema | {"$schema": "https://json-schema.org/draft/2020-12/schema"})
            assert schema, name

    @each_form
    def test_refers_only_to_what_it_has_and_has_nothing_else(self, form: Form) -> None:
        found = document(form.title)
        kinds = ("schemas", "headers", "parameters")
        known = {f"#/components/{kind}/{name}" for kind in kinds for name in found["components"][kind]}
        assert set(references(found)) == known

    @each_form
    def test_names_each_operation_once(self, form: Form) -> None:
        names = [operation["operationId"] for operation in operations(form.title)]
        assert len(names) == len(set(names))
        assert [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", name)] == []

    def test_names_operations_alike_in_both_dialects(self) -> None:
        flat, enveloped = ({operation["operationId"] for operation in operations(form.title)} for form in FORMS)
        assert flat <= enveloped

    @each_form
    def test_gives_every_operation_words_a_tag_and_an_example_of_its_body(self, form: Form) -> None:
        for operation in operations(form.title):
            assert operation["summary"], operation["operationId"]
            assert operation["tags"], operation["operationId"]
            body = operation.get("requestBody")
            assert body is None or "example" in body["content"]["application/json"], operation["operationId"]

    @each_form
    def test_asks_for_credentials_or_says_that_none_are_needed(self, form: Form) -> None:
        schemes = set(document(form.title)["components"]["securitySchemes"])
        for operation in operations(form.title):
            named = {name for requirement in operation["security"] for name in requirement}
            assert named <= schemes
            assert ("401" in operation["responses"]) or not named, operation["operationId"]

    @each_form
    def test_is_committed_as_it_is(self, form: Form) -> None:
        committed = read(f"docs/openapi/{form.title}.json")
        assert committed == document_text(router, form), "docs/openapi is stale: run `make schema`"


class TestServing:
    def test_gives_the_document_to_anybody(self, api: Api) -> None:
        answer = api.as_bearer("nonsense").send("GET", SCHEMA_PATHS[api.dialect])
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
        assert json.loads(answer.content) == document(api.dialect)

    @pytest.mark.parametrize("paths", [SCHEMA_PATHS, DOCS_PATHS], ids=["schema", "docs"])
    def test_is_read_only(self, api: Api, paths: dict[str, str]) -> None:
        answer = api.send("POST", paths[api.dialect])
        assert (answer.status, answer.code) == (405, "method_not_allowed")

    def test_shows_a_page_from_our_own_files_alone(self, api: Api) -> None:
        answer = api.send("GET", DOCS_PATHS[api.dialect])
        page = answer.content.decode()
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert f'data-document="{SCHEMA_PATHS[api.dialect]}"' in page
        assert "//" not in page.replace("<!doctype html>", "")
        files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
        assert len(files) == 4
        assert [file for file in files if not is_served(file)] == []

    def test_forbids_the_page_everything_else(self, api: Api) -> None:
        answer = api.send("GET", DOCS_PATHS[api.dialect])
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        page = answer.content.decode()
        assert re.findall(r"<script(?![^>]* src=)|<style| style=| on\w+=", page) == []
