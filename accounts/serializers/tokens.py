"""Shapes of API tokens, in and out."""

from collections.abc import Sequence
from typing import Any, ClassVar

from rest_framework import serializers

from accounts.models import ApiToken
from accounts.scopes import Scope
from accounts.services.api_tokens import NewApiToken
from coditect.api.fields import TextField
from coditect.api.queries import ListQuery, MomentField


class NewApiTokenSerializer(serializers.Serializer[Any]):
    """What making a token takes."""

    name = TextField(max_length=100)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=Scope.choices), allow_empty=False, max_length=len(Scope)
    )
    expires_at = MomentField(required=False, allow_null=True)


class ApiTokenQuery(ListQuery):
    """How the list of tokens is sorted."""

    sortable: ClassVar[dict[str, str]] = {"created_at": "created_at", "name": "name"}


def present_api_tokens(found: Sequence[ApiToken]) -> list[dict[str, Any]]:
    """Tokens without their secret."""
    return [
        {
            "id": token.pk,
            "name": token.name,
            "prefix": token.prefix,
            "scopes": token.scopes,
            "organization_id": token.organization_id,
            "user_id": token.user_id,
            "user_email": token.user.email,
            "created_at": token.created_at,
            "expires_at": token.expires_at,
            "last_used_at": token.last_used_at,
        }
        for token in found
    ]


def present_new_api_token(new: NewApiToken) -> dict[str, Any]:
    """A token just made, with its text, this once."""
    return present_api_tokens([new.token])[0] | {"token": new.text}
