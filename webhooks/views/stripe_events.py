"""The endpoint that takes Stripe's events."""

from typing import Any, ClassVar

from django.conf import settings
from django.utils import timezone
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from coditect.api import throttling
from coditect.api.parsers import RawParser
from coditect.api.schema.description import Answer, describe
from coditect.api.views import PublicView
from coditect.errors import LimitExceeded
from webhooks.answers import ReceivedBody
from webhooks.serializers.stripe_events import EventSerializer, read_event
from webhooks.services.inbox import StripeNotConnected, receive_event
from webhooks.signatures import SignatureInvalid, verify_signature

SIGNATURE = "Stripe-Signature"
# Of each address. Whoever guesses at signatures cannot use up what Stripe needs.
REFUSED = throttling.Category("stripe_refused", 60, per_user=False)
EXAMPLE = {
    "id": "evt_0",
    "object": "event",
    "type": "customer.subscription.updated",
    "created": 1767225600,
    "data": {"object": {"id": "sub_0", "object": "subscription", "customer": "cus_0"}},
}


class StripeEventsView(PublicView):
    """Takes Stripe's events."""

    parsers: list[BaseParser] = [RawParser()]
    request_headers: ClassVar[dict[str, dict[str, Any]]] = {
        SIGNATURE: {
            "description": "Time and HMAC-SHA256 of the body, as Stripe makes them.",
            "required": True,
            "schema": {"type": "string"},
        },
    }

    def rate_limits(self, request: Request) -> list[throttling.Limit]:
        """None for what is signed: Stripe sends thousands at once where many renew on the same day."""
        return []

    @describe(
        "receive_stripe_event",
        "Receive an event from Stripe",
        tag="Webhooks",
        request=EventSerializer,
        answers=[Answer(ReceivedBody)],
        errors=[SignatureInvalid, StripeNotConnected, LimitExceeded],
        example=EXAMPLE,
        is_limited=False,
    )
    def post(self, request: Request) -> dict[str, Any]:
        """For Stripe: signed events are stored and handled soon after; types that we do not know are ignored."""
        if not settings.STRIPE_WEBHOOK_SECRETS:
            raise StripeNotConnected
        body: bytes = self.body.get("raw", b"")
        header, now = request.headers.get(SIGNATURE, ""), timezone.now()
        try:
            verify_signature(body, header=header, secrets=settings.STRIPE_WEBHOOK_SECRETS, now=now)
        except SignatureInvalid:
            throttling.check([REFUSED.for_request(request)])
            raise
        receive_event(read_event(body), now=now)
        return {"received": True}
