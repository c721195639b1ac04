"""From Python's types to JSON Schema (2020-12): a TypedDict becomes a component, `Annotated` gives a field its text."""

import types
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)
from uuid import UUID

Schema = dict[str, Any]
PLAIN: Mapping[Any, Schema] = {
    Any: {},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    types.NoneType: {"type": "null"},
    UUID: {"type": "string", "format": "uuid"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
}


class Shapes:
    """Collects the components that the shapes of a document need."""

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}

    def schema(self, shape: Any) -> Schema:
        """The schema of a type. Raises TypeError for one that no answer should have."""
        convert = ORIGINS.get(get_origin(shape))
        if convert is not None:
            return convert(self, get_args(shape))
        if shape in PLAIN:
            return dict(PLAIN[shape])
        if is_typeddict(shape):
            return self._component(shape)
        raise TypeError(f"{shape!r} cannot be described")

    def _component(self, shape: Any) -> Schema:
        name = shape.__name__.removesuffix("Body")
        if name not in self.components:
            self.components[name] = {}
            self.components[name] = self._object(shape)
        return {"$ref": f"#/components/schemas/{name}"}

    def _object(self, shape: Any) -> Schema:
        fields = get_type_hints(shape, include_extras=True)
        text = {"description": shape.__doc__} if shape.__doc__ else {}
        return {
            "type": "object",
            **text,
            "properties": {name: self.schema(kind) for name, kind in fields.items()},
            "required": sorted(shape.__required_keys__),
        }

    def _union(self, kinds: tuple[Any, ...]) -> Schema:
        schemas = [self.schema(kind) for kind in kinds]
        match schemas:
            case [{"type": str(name)} as schema, {"type": "null"}] if "enum" not in schema:
                return schema | {"type": [name, "null"]}
        return {"anyOf": schemas}

    def _annotated(self, arguments: tuple[Any, ...]) -> Schema:
        kind, *notes = arguments
        found = self.schema(kind)
        for note in notes:
            found |= {"description": note} if isinstance(note, str) else note
        return found


ORIGINS: dict[Any, Callable[[Shapes, tuple[Any, ...]], Schema]] = {
    list: lambda shapes, kinds: {"type": "array", "items": shapes.schema(kinds[0])},
    dict: lambda shapes, kinds: {"type": "object", "additionalProperties": shapes.schema(kinds[1]) or True},
    Literal: lambda _, values: {"enum": list(values)} if len(values) > 1 else {"const": values[0]},
    Union: Shapes._union,
    types.UnionType: Shapes._union,
    Annotated: Shapes._annotated,
    NotRequired: lambda shapes, kinds: shapes.schema(kinds[0]),
    Required: lambda shapes, kinds: shapes.schema(kinds[0]),
}
