"""Serializer fields that read JSON more strictly than the framework's own."""

from typing import Any
from uuid import UUID

from rest_framework import serializers


class TextField(serializers.CharField):
    """A string and nothing else; a number in its place is a mistake of the client."""

    def to_internal_value(self, data: Any) -> str:
        """The string. Raises ValidationError."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class IdField(serializers.UUIDField):
    """An id, as a string; the framework's own takes numbers for ids too."""

    def to_internal_value(self, data: Any) -> UUID:
        """The id. Raises ValidationError."""
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)
