"""What an operation takes: bodies and query parameters, from the serializers that read them."""

from typing import Any

from drf_spectacular.openapi import AutoSchema as SpectacularAutoSchema
from drf_spectacular.plumbing import ComponentRegistry
from rest_framework import serializers

from coditect.api.queries import ListQuery, MomentField
from coditect.api.schema.shapes import Schema
from coditect.api.views import ApiView

# What PostgreSQL cannot store is refused, and so is a text of white space alone where one is needed.
WITHOUT_NUL = r"^[^\u0000]*$"
NOT_BLANK = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"


class AutoSchema(SpectacularAutoSchema):
    """Reads serializers as drf-spectacular does, and knows our own fields."""

    def __init__(self, view: ApiView, registry: ComponentRegistry) -> None:
        super().__init__()
        self.view = view
        self.registry = registry
        self.method, self.path = "POST", "/"

    def body(self, serializer: type[serializers.Serializer[Any]]) -> Schema:
        """A reference to a request body's component."""
        reference: Schema = self.resolve_serializer(serializer(context={"view": self.view}), "request").ref
        return reference

    def query(self, serializer: type[serializers.Serializer[Any]]) -> list[Schema]:
        """The query parameters that a serializer reads, with those of the list it is for."""
        fields: dict[str, serializers.Field[Any, Any, Any, Any]] = serializer._declared_fields
        found = [
            {"name": name, "in": "query", "required": field.required, "schema": self._query_schema(field)}
            for name, field in fields.items()
        ]
        return found + ([_sort(serializer)] if issubclass(serializer, ListQuery) else [])

    def _query_schema(self, field: serializers.Field[Any, Any, Any, Any]) -> Schema:
        schema = self._map_serializer_field(field, "request")
        self._insert_field_validators(field, schema)
        return schema

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Schema:
        if isinstance(field, MomentField):
            return {"anyOf": [{"type": "string", "format": kind} for kind in ("date-time", "date")]}
        schema: Schema = super()._map_serializer_field(field, direction, bypass_extensions)
        if isinstance(field, serializers.ChoiceField):
            return {"type": "string", "enum": schema["enum"]}
        return schema

    def _insert_field_validators(self, field: Any, schema: Schema) -> None:
        super()._insert_field_validators(field, schema)
        if isinstance(field, serializers.ListField) and not field.allow_empty:
            schema["minItems"] = 1
        if isinstance(field, serializers.CharField):
            trims = field.trim_whitespace and not field.allow_blank
            schema["pattern"] = NOT_BLANK if trims else WITHOUT_NUL


def _sort(query: type[ListQuery]) -> Schema:
    names = [f"{sign}{name}" for name in query.sortable for sign in ("", "-")]
    return {
        "name": "sort",
        "in": "query",
        "description": "The order; `-` before the field for descending.",
        "schema": {"type": "string", "enum": names, "default": query.default_sort},
    }
