"""Holds answers to the API's description; the tests' client does it with each answer that any test gets."""

import json
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from coditect.api.docs import document_text
from coditect.api.schema.document import METHODS
from coditect.api.schema.forms import FORMS

if TYPE_CHECKING:
    from tests.dialects import Answer

# Of no operation in particular, so only the document's introduction tells of them. The last: a veto of a test's own.
ANYWHERE = {
    (400, "invalid_request"),
    (403, "https_required"),
    (404, "not_found"),
    (405, "method_not_allowed"),
    (413, "payload_too_large"),
    (415, "unsupported_media_type"),
    (500, "internal_error"),
    (409, "conflict"),
}
# Failures are open: endpoints add fields to them. Their whole form is looked at by tests.api.shapes.
FAILURES = {"Error", "InvalidInput"}


@dataclass(frozen=True)
class Operation:
    """One operation of a document."""

    id: str
    responses: dict[str, Any]
    components: dict[str, Any]
    _validators: dict[str, jsonschema_rs.Draft202012Validator | None] = field(default_factory=dict)

    def validator(self, status: str) -> jsonschema_rs.Draft202012Validator | None:
        """What the body of a status is held to; made when first needed, since most never are."""
        if status not in self._validators:
            self._validators[status] = _validator(self.responses[status], self.components)
        return self._validators[status]


@cache
def document(dialect: str) -> dict[str, Any]:
    """The description of a dialect."""
    from coditect.urls import router

    form = next(form for form in FORMS if form.dialect.name == dialect)
    found: dict[str, Any] = json.loads(document_text(router, form))
    return found


@cache
def operations(dialect: str) -> list[tuple[re.Pattern[str], str, Operation]]:
    """The operations of a dialect, with the pattern of their paths; fixed paths first."""
    found = document(dialect)
    components = {"schemas": {name: schema if name in FAILURES else closed(schema) for name, schema in _schemas(found)}}
    return [
        (
            re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))),
            method.upper(),
            Operation(item[method]["operationId"], item[method]["responses"], components),
        )
        for path, item in sorted(found["paths"].items(), key=lambda entry: entry[0].count("{"))
        for method in METHODS
        if method in item
    ]


def operation_of(dialect: str, method: str, path: str) -> Operation | None:
    """The operation that a request is about; None for one that the document does not know."""
    asked = "GET" if method == "HEAD" else method
    for pattern, known, operation in operations(dialect):
        if known == asked and pattern.fullmatch(path):
            return operation
    return None


def check(answer: "Answer", method: str, path: str) -> None:
    """Assert that an answer is as described: its status, its headers, its body to the last field."""
    operation = operation_of(answer.dialect, method, path)
    if operation is None or _is_anywhere(answer):
        return
    response = operation.responses.get(str(answer.status))
    said = f"{operation.id} answered {answer.status} {answer.content[:300]!r}"
    assert response is not None, f"{said}, which is not described"
    missing = {
        name
        for name, header in response["headers"].items()
        if _resolve(header, document(answer.dialect)).get("required") and name not in answer.headers
    }
    assert not missing, f"{said} without {missing}"
    validator = operation.validator(str(answer.status))
    if validator is None:
        assert answer.content == b"", said
    elif method != "HEAD":
        faults = [f"{error.message} at {error.instance_path}" for error in validator.iter_errors(answer.json)]
        assert not faults, f"{said}: {faults}"


def closed(schema: Any) -> Any:
    """The same schema, refusing fields that it does not name; the published one lets clients meet new fields."""
    if isinstance(schema, list):
        return [closed(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: closed(inner) for name, inner in schema.items()}
    is_whole_object = found.get("type") == "object" and "properties" in found and "required" in found
    return found | ({"unevaluatedProperties": False} if is_whole_object else {})


def _validator(response: dict[str, Any], components: dict[str, Any]) -> jsonschema_rs.Draft202012Validator | None:
    if "content" not in response:
        return None
    [media] = response["content"].values()
    is_success = "allOf" not in media["schema"] and "anyOf" not in media["schema"]
    schema = closed(media["schema"]) if is_success else media["schema"]
    return jsonschema_rs.Draft202012Validator(schema | {"components": components}, validate_formats=True)


def _resolve(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: Any = root
    for name in schema["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    resolved: dict[str, Any] = found
    return resolved


def _is_anywhere(answer: "Answer") -> bool:
    error = answer.json.get("error") if isinstance(answer.json, dict) else None
    code = error.get("code") if isinstance(error, dict) else answer.json.get("code") if error else None
    return (answer.status, code) in ANYWHERE


def _schemas(found: dict[str, Any]) -> list[tuple[str, Any]]:
    return list(found["components"]["schemas"].items())
