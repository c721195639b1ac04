"""Subscriptions as a Django app."""

from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    """See the package."""

    name = "subscriptions"

    def ready(self) -> None:
        """Listen to what happens in accounts, and say what its mails show."""
        from coditect.journal.mails import compose_by
        from subscriptions import receivers
        from subscriptions.mails import COMPOSERS

        for template, composer in COMPOSERS.items():
            compose_by(template, composer)
        receivers.connect()
