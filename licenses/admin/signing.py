"""Signing keys in the console; to look at."""

from django.contrib import admin

from coditect.journal.admin import RecordAdmin
from licenses.models import SigningKey


@admin.register(SigningKey)
class SigningKeyAdmin(RecordAdmin):
    """Which keys sign and signed, and which are believed; private parts are shown to nobody."""

    list_display = ["kid", "state", "created_at", "retired_at", "withdrawn_at"]
    fields = ["kid", "public_key", "state", "created_at", "retired_at", "withdrawn_at"]
    ordering = ["-created_at"]
    search_fields = ["kid"]

    @admin.display(description="State")
    def state(self, key: SigningKey) -> str:
        """In a word."""
        if key.withdrawn_at is not None:
            return "withdrawn"
        return "signs" if key.retired_at is None else "retired"
