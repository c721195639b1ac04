"""Subscriptions as a Django app."""

from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    """See the package."""

    name = "subscriptions"

    def ready(self) -> None:
        """Listen to what happens in accounts; say what its mails show, and which events are public."""
        from coditect.journal.catalogue import declare
        from coditect.journal.mails import compose_by
        from subscriptions import receivers
        from subscriptions.events import EVENTS
        from subscriptions.mails import COMPOSERS

        for template, composer in COMPOSERS.items():
            compose_by(template, composer)
        declare(*EVENTS)
        receivers.connect()
