"""Webhooks as a Django app."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """See the package."""

    name = "webhooks"

    def ready(self) -> None:
        """Say which columns are encrypted."""
        from coditect import encryption
        from webhooks.models import Endpoint

        for column in ("secret", "previous_secret"):
            encryption.register(encryption.EncryptedColumn(Endpoint, column, lambda endpoint: endpoint.context))
