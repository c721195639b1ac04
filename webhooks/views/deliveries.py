"""Endpoints of what webhooks were sent, and of sending it again."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from coditect.api.credentials import Scopes
from coditect.api.results import Created, Listing
from coditect.api.schema.description import Answer, PageOf, created, describe
from coditect.errors import Forbidden, InvalidInput
from webhooks import answers_deliveries as answers
from webhooks.serializers import deliveries as shapes
from webhooks.services.endpoints import WebhookNotFound
from webhooks.services.lock import WebhookDisabled
from webhooks.services.one_shots import DeliveryNotFound, DeliveryPending, EventForgotten, redeliver, send_test
from webhooks.services.replay import ReplayTooLarge, replay_events
from webhooks.views.endpoints import TAG, EndpointsView

ASKS: Scopes = {"post": "admin:org"}
REFUSALS = (Forbidden, WebhookNotFound, WebhookDisabled)


class DeliveryListView(EndpointsView):
    """What a webhook was sent."""

    scopes: ClassVar[Scopes] = {"get": "admin:org"}

    @describe(
        "list_webhook_deliveries",
        "List what a webhook was sent",
        tag=TAG,
        query=shapes.DeliveryQuery,
        answers=[PageOf("deliveries", answers.DeliveryBody)],
        errors=[Forbidden, WebhookNotFound],
    )
    def get(self, request: Request, webhook_id: UUID) -> Listing:
        """Each event with the request, the tries and what was answered; kept for 30 days after it ended."""
        query = shapes.DeliveryQuery(request)
        rows = query.apply(self.find(webhook_id).deliveries.select_related("endpoint"))
        return Listing(key="deliveries", rows=rows, sort=query.sort, present=shapes.present_deliveries)


class RedeliverView(EndpointsView):
    """Send one thing again."""

    scopes: ClassVar[Scopes] = ASKS

    @describe(
        "redeliver_webhook_delivery",
        "Send one event again",
        tag=TAG,
        answers=[created(answers.DeliveryBody)],
        errors=[*REFUSALS, DeliveryNotFound, DeliveryPending, EventForgotten],
    )
    def post(self, request: Request, webhook_id: UUID, delivery_id: UUID) -> Created:
        """Once, at once, and past whatever waits: with the same body and `webhook-id`, and a fresh signature.

        The answer is the new delivery. What is still pending comes in its turn.
        """
        organization, now = self.find(webhook_id).organization, timezone.now()
        new = redeliver(organization=organization, endpoint_id=webhook_id, delivery_id=delivery_id, now=now)
        return Created(shapes.present_delivery(new))


class ReplayView(EndpointsView):
    """Send all since a moment again."""

    scopes: ClassVar[Scopes] = ASKS

    @describe(
        "replay_webhook_events",
        "Send all events since a moment again",
        tag=TAG,
        request=shapes.ReplaySerializer,
        answers=[Answer(answers.ReplayBody)],
        errors=[*REFUSALS, InvalidInput, ReplayTooLarge],
        example={"since": "2026-01-09T10:30:00Z"},
    )
    def post(self, request: Request, webhook_id: UUID) -> dict[str, Any]:
        """Every event since then that the webhook takes, in order, whether it was sent before or not.

        What is pending of them is sent in that order, too, and not twice. New events come after them. An hour has
        room for ten replays of a webhook, and one replay for 50,000 events.
        """
        organization, wanted = self.find(webhook_id).organization, self.read(shapes.ReplaySerializer)
        count = replay_events(organization=organization, endpoint_id=webhook_id, now=timezone.now(), **wanted)
        return {**wanted, "count": count}


class SendTestView(EndpointsView):
    """Try a webhook out."""

    scopes: ClassVar[Scopes] = ASKS

    @describe(
        "test_webhook",
        "Try a webhook out",
        tag=TAG,
        answers=[created(answers.DeliveryBody)],
        errors=REFUSALS,
    )
    def post(self, request: Request, webhook_id: UUID) -> Created:
        """Send it a `webhook.test`, once and at once, whatever its filter. What came of it is in its deliveries."""
        organization = self.find(webhook_id).organization
        return Created(
            shapes.present_delivery(send_test(organization=organization, endpoint_id=webhook_id, now=timezone.now()))
        )
