"""Subscriptions as a Django app."""

from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    """See the package."""

    name = "subscriptions"

    def ready(self) -> None:
        """Say what its mails show."""
        from coditect.journal.mails import compose_by
        from subscriptions.mails import COMPOSERS

        for template, composer in COMPOSERS.items():
            compose_by(template, composer)
