"""Paths of webhooks."""

from coditect.api.routers import Router
from webhooks.views.stripe_events import StripeEventsView


def register(router: Router) -> None:
    """Add this app's endpoints."""
    router.add("webhooks/stripe", StripeEventsView, name="stripe-events")
