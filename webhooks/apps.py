"""Webhooks as a Django app."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """See the package."""

    name = "webhooks"

    def ready(self) -> None:
        """Say which columns are encrypted, what its mails show, and what it listens to."""
        from coditect import encryption
        from coditect.journal.mails import compose_by
        from webhooks import receivers
        from webhooks.mails import COMPOSERS
        from webhooks.models import Endpoint

        for template, composer in COMPOSERS.items():
            compose_by(template, composer)
        for column in ("secret", "previous_secret"):
            encryption.register(encryption.EncryptedColumn(Endpoint, column, lambda endpoint: endpoint.context))
        receivers.connect()
