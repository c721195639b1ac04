"""Licenses as a Django app."""

from django.apps import AppConfig


class LicensesConfig(AppConfig):
    """See the package."""

    name = "licenses"

    def ready(self) -> None:
        """Listen to what happens in the apps below; say what is known of a person, is encrypted, and is public."""
        from accounts.services.personal_data import export_by
        from coditect import encryption
        from coditect.journal.catalogue import declare
        from coditect.journal.mails import compose_by
        from licenses import receivers
        from licenses.events import EVENTS
        from licenses.mails import COMPOSERS
        from licenses.models import SigningKey
        from licenses.services.personal_data import export_seat_sessions

        encryption.register(encryption.EncryptedColumn(SigningKey, "private_key", lambda key: key.context))
        for template, composer in COMPOSERS.items():
            compose_by(template, composer)
        declare(*EVENTS)
        receivers.connect()
        export_by("seat_sessions", export_seat_sessions)
