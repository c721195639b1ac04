"""Events from Stripe."""

from webhooks.models.stripe_events import StripeEvent, StripeEventQuerySet

__all__ = ["StripeEvent", "StripeEventQuerySet"]
