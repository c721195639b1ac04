"""What administrators see of webhooks, in and out; what they do goes through the services."""

from webhooks.admin import deliveries, endpoints, stripe_events

__all__ = ["deliveries", "endpoints", "stripe_events"]
