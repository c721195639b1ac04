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


class NumberField(serializers.IntegerField):
    """A whole number, and no text that looks like one."""

    def to_internal_value(self, data: Any) -> int:
        """The number. Raises ValidationError."""
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class FlagField(serializers.BooleanField):
    """True or false, and no word that means it."""

    def to_internal_value(self, data: Any) -> bool:
        """Which. Raises ValidationError."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class IdField(serializers.UUIDField):
    """An id, as a string; the framework's own takes numbers for ids too."""

    def to_internal_value(self, data: Any) -> UUID:
        """The id. Raises ValidationError."""
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)
