"""How each dialect's bodies look: the schema beside what coditect.api.flat and coditect.api.enveloped write."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from coditect.api.dialects import Dialect
from coditect.api.enveloped import ENVELOPED
from coditect.api.flat import FLAT
from coditect.api.schema.shapes import Schema

TEXT: Schema = {"type": "string"}
ERRORS: Schema = {
    "type": "object",
    "description": "The messages, by field.",
    "additionalProperties": {"type": "array", "items": TEXT, "minItems": 1},
}
LINE_ERRORS: Schema = {
    "type": "array",
    "description": "What is wrong with a file, line by line.",
    "items": {
        "type": "object",
        "properties": {"line": {"type": "integer", "minimum": 1}, "field": TEXT, "code": TEXT, "message": TEXT},
        "required": ["line", "field", "code", "message"],
    },
}
META: Schema = {
    "type": "object",
    "properties": {
        "request_id": {"type": "string", "pattern": "^req_[0-9a-f]{24}$", "description": "The same as X-Request-ID."},
        "timestamp": {"type": "string", "format": "date-time"},
    },
    "required": ["request_id", "timestamp"],
}


def reference(name: str) -> Schema:
    """A reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def closed_object(**properties: Schema) -> Schema:
    """An object with all of these properties."""
    return {"type": "object", "properties": properties, "required": list(properties)}


class Form(ABC):
    """The bodies of one dialect as schemas."""

    dialect: ClassVar[Dialect]
    title: ClassVar[str]
    # Whether it has a 204 where there is nothing to say.
    is_silent: ClassVar[bool]
    paging: ClassVar[Sequence[tuple[str, str, Schema]]]
    components: ClassVar[Mapping[str, Schema]]

    @abstractmethod
    def success(self, schema: Schema) -> Schema:
        """One object."""

    @abstractmethod
    def page(self, key: str, row: Schema) -> Schema:
        """A page of a list."""

    @abstractmethod
    def error(self, codes: Sequence[str], extra: Mapping[str, Schema], *, is_input: bool) -> Schema:
        """A failure with one of these codes; `is_input` where it may name fields."""


class FlatForm(Form):
    """Bare objects."""

    dialect = FLAT
    title = "flat"
    is_silent = False
    paging = (
        ("limit", "How many rows.", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}),
        ("offset", "How many rows to pass over.", {"type": "integer", "minimum": 0, "maximum": 2**31, "default": 0}),
    )
    components = {
        "Error": closed_object(error=TEXT, detail=TEXT, code=TEXT, details={"type": "object"}),
        "InvalidInput": closed_object(
            error={"const": "Validation failed"}, detail=TEXT, code={"const": "validation_failed"}, errors=ERRORS
        ),
    }

    def success(self, schema: Schema) -> Schema:
        """The object itself."""
        return schema

    def page(self, key: str, row: Schema) -> Schema:
        """Count, links, and the rows under their plural."""
        link = {"type": ["string", "null"], "format": "uri"}
        rows = {"type": "array", "items": row}
        return closed_object(count={"type": "integer", "minimum": 0}, next=link, previous=link, **{key: rows})

    def error(self, codes: Sequence[str], extra: Mapping[str, Schema], *, is_input: bool) -> Schema:
        """`error`, `detail` and `code`; or the messages by field."""
        coded = {"properties": {"code": {"enum": list(codes)}}}
        plain: Schema = {"allOf": [reference("Error"), coded]}
        either = {"anyOf": [plain, reference("InvalidInput")]} if is_input else plain
        return {"allOf": [either, closed_object(**extra)]} if extra else either


class EnvelopedForm(Form):
    """Everything under `data` or `error`, with `meta`."""

    dialect = ENVELOPED
    title = "enveloped"
    is_silent = True
    paging = (
        ("limit", "How many rows.", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}),
        ("cursor", "`next_cursor` of the page before.", {"type": "string"}),
    )
    components = {
        "Meta": META,
        "Pagination": closed_object(has_more={"type": "boolean"}, next_cursor={"type": ["string", "null"]}),
        "Error": closed_object(
            error=closed_object(
                code=TEXT,
                message=TEXT,
                details={
                    "type": "object",
                    "properties": {"field": TEXT, "reason": TEXT, "errors": {"anyOf": [ERRORS, LINE_ERRORS]}},
                },
            ),
            meta=reference("Meta"),
        ),
    }

    def success(self, schema: Schema) -> Schema:
        """The object under `data`."""
        return closed_object(data=schema, meta=reference("Meta"))

    def page(self, key: str, row: Schema) -> Schema:
        """The rows under `data`, and where the next page starts."""
        return closed_object(
            data={"type": "array", "items": row}, pagination=reference("Pagination"), meta=reference("Meta")
        )

    def error(self, codes: Sequence[str], extra: Mapping[str, Schema], *, is_input: bool) -> Schema:
        """`code`, `message` and `details` under `error`."""
        coded: dict[str, Any] = {"properties": {"error": {"properties": {"code": {"enum": list(codes)}}}}}
        return {"allOf": [reference("Error"), coded]}


FORMS: tuple[Form, ...] = (FlatForm(), EnvelopedForm())
