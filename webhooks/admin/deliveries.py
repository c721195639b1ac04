"""What customers' endpoints were sent, in the console; what they answered is the customers' business."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import TabularInline

from accounts.admin import for_each
from coditect.journal.admin import RecordAdmin
from webhooks.models import Attempt, Delivery
from webhooks.services.one_shots import redeliver


class AttemptInline(TabularInline):
    """The tries of a delivery, without the answers' text."""

    model = Attempt
    verbose_name_plural = "tries"
    extra = 0
    fields = readonly_fields = ["at", "status_code", "error", "duration_ms"]
    ordering = ["at", "pk"]

    def has_change_permission(self, *_: object, **__: object) -> bool:
        """To look at."""
        return False

    def has_add_permission(self, *_: object, **__: object) -> bool:
        """Only the deliverer makes one."""
        return False

    def has_delete_permission(self, *_: object, **__: object) -> bool:
        """The worker forgets them in time."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Whoever sees the delivery."""
        return request.user.has_perm("webhooks.view_delivery") or request.user.has_perm("webhooks.change_delivery")


@admin.register(Delivery)
class DeliveryAdmin(RecordAdmin):
    """Deliveries, to look at and to repeat."""

    list_display = [
        *("event_type", "endpoint", "organization", "reason", "status", "attempts"),
        *("created_at", "finished_at", "event_id"),
    ]
    list_filter = ["status", "reason"]
    list_select_related = ["endpoint__organization"]
    fields = readonly_fields = [
        *("event_type", "event_id", "endpoint", "organization", "reason", "status", "position"),
        *("attempts", "created_at", "finished_at", "next_attempt_at"),
    ]
    search_fields = ["=id", "=event_id", "=endpoint__id", "=event_type"]
    search_help_text = "An id of a delivery, an event or a webhook; or a type of event."
    ordering = ["-position"]
    show_full_result_count = False
    inlines = [AttemptInline]
    actions = ["redeliver"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        """All but those of webhooks that are deleted."""
        # tenancy: the staff of the service sees every organization
        return Delivery.objects.filter(endpoint__deleted_at=None)

    @admin.display(description="Organization")
    def organization(self, delivery: Delivery) -> str:
        """Whose endpoint it is for."""
        return str(delivery.endpoint.organization)

    @admin.action(description="Send the selected deliveries again", permissions=["end"])
    def redeliver(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Each once, at once, past what waits."""
        for_each(self, request, queryset.select_related("endpoint__organization"), _redeliver, "will be sent again")


def _redeliver(delivery: Delivery) -> None:
    endpoint = delivery.endpoint
    ids = {"endpoint_id": endpoint.pk, "delivery_id": delivery.pk}
    redeliver(organization=endpoint.organization, now=timezone.now(), **ids)
