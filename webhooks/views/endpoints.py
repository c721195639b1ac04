"""Endpoints of webhooks to customers: where an organization wants to hear of its events."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from accounts.answers import MessageBody
from accounts.tenancy import OrganizationView
from coditect.api.credentials import Scopes
from coditect.api.results import Created, Deleted, Listing
from coditect.api.schema.description import Answer, Nothing, PageOf, created, describe
from coditect.errors import Forbidden
from webhooks import answers
from webhooks.addresses import AddressRefused
from webhooks.models import Endpoint
from webhooks.serializers import endpoints as shapes
from webhooks.services.endpoints import (
    DisabledByOperator,
    TooManyWebhooks,
    WebhookNotFound,
    change_endpoint,
    create_endpoint,
    delete_endpoint,
    rotate_secret,
)

TAG = "Webhooks"


class EndpointsView(OrganizationView):
    """Webhooks belong to one organization, for its administrators."""

    def find(self, webhook_id: UUID) -> Endpoint:
        """One of the organization's. Raises OrganizationNotFound, Forbidden, WebhookNotFound."""
        own = Endpoint.objects.for_organization(self.administrator.organization)
        endpoint = own.filter(pk=webhook_id).first()
        if endpoint is None:
            raise WebhookNotFound
        return endpoint


class EndpointListView(EndpointsView):
    """The organization's webhooks."""

    scopes: ClassVar[Scopes] = {"get": "admin:org", "post": "admin:org"}

    @describe(
        "list_webhooks",
        "List webhooks",
        tag=TAG,
        query=shapes.EndpointQuery,
        answers=[PageOf("webhooks", answers.WebhookBody)],
        errors=[Forbidden],
    )
    def get(self, request: Request) -> Listing:
        """List them, to administrators; never with their secrets."""
        query = shapes.EndpointQuery(request)
        rows = query.apply(Endpoint.objects.for_organization(self.administrator.organization))
        return Listing(key="webhooks", rows=rows, sort=query.sort, present=shapes.present_endpoints)

    @describe(
        "create_webhook",
        "Make a webhook",
        tag=TAG,
        request=shapes.NewEndpointSerializer,
        answers=[created(answers.NewWebhookBody)],
        errors=[Forbidden, TooManyWebhooks, AddressRefused],
        example={"url": "https://example.com/webhooks", "events": ["license.created", "license.seat.acquired"]},
    )
    def post(self, request: Request) -> Created:
        """Have events sent to a URL from now on, signed with the secret that is in this answer and nowhere else.

        The host must be on the public internet. An organization has up to ten.
        """
        by = self.administrator
        new = create_endpoint(by=by, **self.read(shapes.NewEndpointSerializer), now=timezone.now())
        return Created(shapes.present_new_secret(new))


class EndpointView(EndpointsView):
    """One webhook of the organization."""

    scopes: ClassVar[Scopes] = {"get": "admin:org", "patch": "admin:org", "delete": "admin:org"}

    @describe(
        "get_webhook",
        "Show a webhook",
        tag=TAG,
        answers=[Answer(answers.WebhookBody)],
        errors=[Forbidden, WebhookNotFound],
    )
    def get(self, request: Request, webhook_id: UUID) -> dict[str, Any]:
        """Where it sends what, and whether that works."""
        return shapes.present_endpoint(self.find(webhook_id))

    @describe(
        "change_webhook",
        "Change a webhook",
        tag=TAG,
        request=shapes.EndpointChangesSerializer,
        answers=[Answer(answers.WebhookBody)],
        errors=[Forbidden, WebhookNotFound, DisabledByOperator, AddressRefused],
        example={"events": ["*"], "status": "enabled"},
    )
    def patch(self, request: Request, webhook_id: UUID) -> dict[str, Any]:
        """Change its URL, its events or its description; disable it, or enable it again.

        Enabled again, it is sent what was pending, in order; what happened meanwhile is sent by a replay.
        """
        by = self.administrator
        self.find(webhook_id)
        changes = self.read(shapes.EndpointChangesSerializer)
        changed = change_endpoint(by=by, endpoint_id=webhook_id, changes=changes, now=timezone.now())
        return shapes.present_endpoint(changed)

    @describe(
        "delete_webhook",
        "Delete a webhook",
        tag=TAG,
        answers=[Nothing(MessageBody)],
        errors=[Forbidden, WebhookNotFound],
    )
    def delete(self, request: Request, webhook_id: UUID) -> Deleted:
        """Delete it, with its log of deliveries and whatever was still to be sent."""
        delete_endpoint(by=self.administrator, endpoint_id=webhook_id, now=timezone.now())
        return Deleted({"message": "Webhook deleted."})


class RotateSecretView(EndpointsView):
    """Another secret for a webhook."""

    scopes: ClassVar[Scopes] = {"post": "admin:org"}

    @describe(
        "rotate_webhook_secret",
        "Give a webhook another secret",
        tag=TAG,
        answers=[created(answers.NewWebhookBody)],
        errors=[Forbidden, WebhookNotFound],
    )
    def post(self, request: Request, webhook_id: UUID) -> Created:
        """Sign with a new secret, which is in this answer and nowhere else.

        For 24 hours everything carries a signature by the previous one as well, so that no receiver misses anything
        while it changes over. Rotated again within that time, the older one ends at once.
        """
        new = rotate_secret(by=self.administrator, endpoint_id=webhook_id, now=timezone.now())
        return Created(shapes.present_new_secret(new))
