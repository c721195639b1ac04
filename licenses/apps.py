"""Licenses as a Django app."""

from django.apps import AppConfig


class LicensesConfig(AppConfig):
    """See the package."""

    name = "licenses"

    def ready(self) -> None:
        """Listen to what happens in the apps below."""
        from licenses import receivers

        receivers.connect()
