"""Query parameters of lists: filters are a serializer, `sort` is one of the fields it names, the rest is refused."""

from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from rest_framework import serializers

from coditect.errors import DomainError

PAGING = {"limit", "offset", "cursor"}


class InvalidQuery(DomainError):
    """A query parameter that cannot be honoured; `field` names it."""

    code = "invalid_request"
    message = "A query parameter is unknown, or its value cannot be honoured."

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class ListQuery(serializers.Serializer[Any]):
    """The parameters that a list takes; subclasses add filters and say how each is applied."""

    sortable: ClassVar[dict[str, str]] = {}
    default_sort: ClassVar[str] = "-created_at"

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(data=request.GET.dict())
        unknown = sorted(set(request.GET) - set(self.fields) - PAGING - {"sort"})
        if unknown:
            raise InvalidQuery(unknown[0], f"Unknown query parameter: {unknown[0]!r}.")
        if not self.is_valid():
            name, messages = next(iter(self.errors.items()))
            raise InvalidQuery(name, str(messages[0]))
        self.sort = self._read_sort(request.GET.get("sort", self.default_sort))

    def apply(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that pass every filter given: `filter_<name>(rows, value)` of the subclass."""
        for name, value in self.validated_data.items():
            rows = getattr(self, f"filter_{name}")(rows, value)
        return rows

    def _read_sort(self, text: str) -> str:
        name = text.removeprefix("-")
        if name not in self.sortable:
            allowed = ", ".join(self.sortable) or "nothing"
            raise InvalidQuery("sort", f"Cannot sort by {name!r}; this list sorts by: {allowed}.")
        return ("-" if text.startswith("-") else "") + self.sortable[name]


def read_query(shape: type[serializers.Serializer[Any]], request: HttpRequest) -> dict[str, Any]:
    """The query parameters of what is no list; those that it does not know are refused. Raises InvalidQuery."""
    query = shape(data=request.GET.dict())
    unknown = sorted(set(request.GET) - set(query.fields))
    if unknown:
        raise InvalidQuery(unknown[0], f"Unknown query parameter: {unknown[0]!r}.")
    if not query.is_valid():
        name, messages = next(iter(query.errors.items()))
        raise InvalidQuery(name, str(messages[0]))
    return dict(query.validated_data)


class MomentField(serializers.Field[Any, Any, Any, Any]):
    """A time or a date (its first instant, UTC), as `created_after` takes them."""

    def to_internal_value(self, data: str) -> Any:
        """The instant. Raises ValidationError for anything else."""
        for kind in (serializers.DateTimeField(), serializers.DateField()):
            try:
                value = kind.to_internal_value(data)
            except serializers.ValidationError:
                continue
            return value
        raise serializers.ValidationError("Expected a date or a time, such as 2026-01-09 or 2026-01-09T10:30:00Z.")

    def to_representation(self, value: Model) -> Any:
        """Only read, never written."""
        raise NotImplementedError
