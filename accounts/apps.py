"""Accounts as a Django app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """See the package."""

    name = "accounts"

    def ready(self) -> None:
        """Say what its mails show, which columns are encrypted, and which events are public."""
        from accounts import receivers
        from accounts.events import EVENTS
        from accounts.mails import COMPOSERS
        from accounts.models import TotpDevice
        from accounts.services.invitations import compose_invitation
        from coditect import encryption
        from coditect.journal.catalogue import declare
        from coditect.journal.mails import compose_by

        compose_by("invitation", compose_invitation)
        for template, composer in COMPOSERS.items():
            compose_by(template, composer)
        encryption.register(encryption.EncryptedColumn(TotpDevice, "secret", lambda device: device.context))
        declare(*EVENTS)
        receivers.connect()
