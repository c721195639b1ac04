"""Stripe's events in the console: which were handled, which were not, and another try for those."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from webhooks.models import StripeEvent
from webhooks.services.handle import handle_again


@admin.register(StripeEvent)
class StripeEventAdmin(ModelAdmin):
    """The inbox, to look at and to run again."""

    list_display = ["id", "type", "customer_id", "status", "attempts", "last_error", "received_at", "done_at"]
    list_filter = ["status", "type", "received_at"]
    search_fields = ["=id", "=customer_id", "=object_id"]
    search_help_text = "Stripe's id of an event, a customer, or what the event is about."
    ordering = ["-received_at"]
    show_full_result_count = False
    actions = ["run_again"]

    @admin.action(description="Handle the selected events again", permissions=["run_again"])
    def run_again(self, request: HttpRequest, queryset: QuerySet[StripeEvent]) -> None:
        """Whatever became of them; what an event has brought about once does not happen twice."""
        now = timezone.now()
        count = sum(handle_again(event_id=event.pk, now=now) for event in queryset)
        self.message_user(request, f"{count} events will be handled again, now.")

    def has_run_again_permission(self, request: HttpRequest) -> bool:
        """Whoever may change events."""
        return request.user.has_perm("webhooks.change_stripeevent")

    def has_add_permission(self, *_: Any, **__: Any) -> bool:
        """They come from Stripe."""
        return False

    def has_change_permission(self, *_: Any, **__: Any) -> bool:
        """To look at."""
        return False

    def has_delete_permission(self, *_: Any, **__: Any) -> bool:
        """The worker forgets them in time."""
        return False
