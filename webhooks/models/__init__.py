"""Events from Stripe, and those for customers."""

from webhooks.models.deliveries import POSITIONS, Attempt, Delivery, DeliveryQuerySet
from webhooks.models.endpoints import EVERY_EVENT, Endpoint, EndpointQuerySet
from webhooks.models.stripe_events import StripeEvent, StripeEventQuerySet

__all__ = [
    "EVERY_EVENT",
    "POSITIONS",
    "Attempt",
    "Delivery",
    "DeliveryQuerySet",
    "Endpoint",
    "EndpointQuerySet",
    "StripeEvent",
    "StripeEventQuerySet",
]
