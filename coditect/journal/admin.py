"""What administrators see of the journal; to look at."""

from django.contrib import admin
from unfold.admin import ModelAdmin

from coditect.journal.models import Mail


@admin.register(Mail)
class MailAdmin(ModelAdmin):
    """Which mail went to whom, and which did not; its words and its secrets are kept nowhere."""

    list_display = ["template", "to", "status", "attempts", "created_at", "sent_at", "last_error"]
    list_filter = ["status", "template"]
    search_fields = ["to"]
    ordering = ["-created_at"]

    def has_add_permission(self, *_: object, **__: object) -> bool:
        """Mails are queued by use cases."""
        return False

    def has_change_permission(self, *_: object, **__: object) -> bool:
        """To look at."""
        return False

    def has_delete_permission(self, *_: object, **__: object) -> bool:
        """The worker forgets them in time."""
        return False
