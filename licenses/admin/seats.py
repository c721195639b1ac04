"""Seats in the console."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from coditect.journal.admin import RecordAdmin
from licenses.models import SeatSession
from licenses.services.release import end_session


@admin.register(SeatSession)
class SeatSessionAdmin(RecordAdmin):
    """Seats, live and past."""

    list_display = [
        "hardware_id",
        "user",
        "license",
        "status",
        "started_at",
        "expires_at",
        "ended_at",
    ]
    ordering = ["-started_at"]
    list_filter = ["end_reason", ("ended_at", admin.EmptyFieldListFilter)]
    search_fields = ["hardware_id", "user__email", "license__key_string", "=id"]
    list_select_related = ["user", "license"]
    actions = ["force_release"]

    @admin.action(description="Force-release the selected seats", permissions=["end"])
    def force_release(self, request: HttpRequest, queryset: QuerySet[SeatSession]) -> None:
        """Take seats back at once; their holders' next heartbeats are told so."""
        # tenancy: the staff of the service sees every organization
        sessions = SeatSession.objects.unended().filter(pk__in=queryset).order_by("license_id", "pk")
        for session in sessions:
            end_session(session_id=session.pk, reason=SeatSession.EndReason.REVOKED)
        self.message_user(request, f"{len(sessions)} seats released.")
