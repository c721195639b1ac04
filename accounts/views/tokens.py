"""Endpoints of API tokens. They need a log-in: a stolen token must not make another one that outlives it."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from accounts import answers
from accounts.models import ApiToken
from accounts.serializers.tokens import (
    ApiTokenQuery,
    NewApiTokenSerializer,
    present_api_tokens,
    present_new_api_token,
)
from accounts.services.api_tokens import (
    ApiTokenNotFound,
    ScopesNotAllowed,
    TokensForbidden,
    create_api_token,
    revoke_api_token,
)
from accounts.tenancy import OrganizationView
from coditect.api.credentials import LOGIN_ONLY, Scopes
from coditect.api.results import Created, Deleted, Listing
from coditect.api.schema.description import Nothing, PageOf, created, describe

TAG = "API tokens"


class ApiTokenListView(OrganizationView):
    """The organization's API tokens: all for its administrators, one's own for others."""

    scopes: ClassVar[Scopes] = {"get": LOGIN_ONLY, "post": LOGIN_ONLY}

    @describe(
        "list_api_tokens",
        "List API tokens",
        tag=TAG,
        query=ApiTokenQuery,
        answers=[PageOf("tokens", answers.ApiTokenBody)],
    )
    def get(self, request: Request) -> Listing:
        """List those that have not been revoked."""
        query = ApiTokenQuery(request)
        rows = ApiToken.objects.for_member(self.membership).unrevoked().select_related("user")
        return Listing(key="tokens", rows=rows, sort=query.sort, present=present_api_tokens)

    @describe(
        "create_api_token",
        "Make an API token",
        tag=TAG,
        request=NewApiTokenSerializer,
        answers=[created(answers.NewApiTokenBody)],
        errors=[TokensForbidden, ScopesNotAllowed],
        example={"name": "CI", "scopes": ["read:licenses"]},
    )
    def post(self, request: Request) -> Created:
        """Make one; its text is in this answer and nowhere else."""
        self.headers["Cache-Control"] = "no-store"
        wanted: dict[str, Any] = self.read(NewApiTokenSerializer)
        new = create_api_token(membership=self.membership, **wanted, now=timezone.now())
        return Created(present_new_api_token(new))


class ApiTokenView(OrganizationView):
    """One API token."""

    scopes: ClassVar[Scopes] = {"delete": LOGIN_ONLY}

    @describe(
        "revoke_api_token",
        "Revoke an API token",
        tag=TAG,
        answers=[Nothing(answers.MessageBody)],
        errors=[ApiTokenNotFound],
    )
    def delete(self, request: Request, token_id: UUID) -> Deleted:
        """Revoke it, at once."""
        revoke_api_token(membership=self.membership, token_id=token_id, now=timezone.now())
        return Deleted({"message": "Token revoked."})
