"""Paths of webhooks."""

from coditect.api.routers import Router
from webhooks.views import deliveries, endpoints
from webhooks.views.stripe_events import StripeEventsView


def register(router: Router) -> None:
    """Add this app's endpoints."""
    router.add("webhooks/stripe", StripeEventsView, name="stripe-events")
    router.add("webhooks", endpoints.EndpointListView, name="webhooks")
    router.add("webhooks/<uuid:webhook_id>", endpoints.EndpointView, name="webhook")
    router.add("webhooks/<uuid:webhook_id>/rotate-secret", endpoints.RotateSecretView, name="rotate-webhook-secret")
    router.add("webhooks/<uuid:webhook_id>/deliveries", deliveries.DeliveryListView, name="webhook-deliveries")
    router.add(
        "webhooks/<uuid:webhook_id>/deliveries/<uuid:delivery_id>/redeliver",
        deliveries.RedeliverView,
        name="redeliver",
    )
    router.add("webhooks/<uuid:webhook_id>/replay", deliveries.ReplayView, name="replay-webhook")
    router.add("webhooks/<uuid:webhook_id>/test", deliveries.SendTestView, name="test-webhook")
