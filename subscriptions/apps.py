"""Subscriptions as a Django app."""

from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    """See the package."""

    name = "subscriptions"
