"""Licenses as a Django app."""

from django.apps import AppConfig


class LicensesConfig(AppConfig):
    """See the package."""

    name = "licenses"

    def ready(self) -> None:
        """Listen to what happens in the apps below, and tell what is known of a person."""
        from accounts.services.personal_data import export_by
        from licenses import receivers
        from licenses.services.personal_data import export_seat_sessions

        receivers.connect()
        export_by("seat_sessions", export_seat_sessions)
