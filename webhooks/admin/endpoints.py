"""Customers' endpoints in the console: what waits for them, what they answer, and a switch."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone

from coditect.journal.admin import RecordAdmin
from webhooks.models import Delivery, Endpoint
from webhooks.reports import read_figures, with_backlog, with_last_answer
from webhooks.services.disable import disable_endpoint
from webhooks.services.enable import enable_endpoint

SHOWN = [
    *("organization", "host", "description", "events", "status", "disabled_reason"),
    *("backlog", "waiting_since", "failing_since", "last_answer", "last_at"),
    *("next_attempt_at", "claimed_until", "created_at", "created_by", "previous_secret_until"),
]


class StateFilter(admin.SimpleListFilter):
    """By what an administrator looks for."""

    title = "state"
    parameter_name = "state"

    def lookups(self, *_: object) -> list[tuple[str, str]]:
        """What there is to look for."""
        return [("failing", "failing"), ("disabled", "disabled"), ("backlog", "with a backlog")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> QuerySet[Endpoint]:
        """Those in that state."""
        if self.value() == "failing":
            return queryset.filter(status=Endpoint.Status.ENABLED, failing_since__isnull=False)
        if self.value() == "disabled":
            return queryset.filter(status=Endpoint.Status.DISABLED)
        if self.value() == "backlog":
            # tenancy: the staff of the service sees every organization
            return queryset.filter(Exists(Delivery.objects.in_lane().filter(endpoint=OuterRef("pk"))))
        return queryset


@admin.register(Endpoint)
class EndpointAdmin(RecordAdmin):
    """Endpoints, without their secrets: nor is the path of a URL shown, by which some receivers know who may call."""

    list_display = [
        *("host", "organization", "status", "disabled_reason", "backlog", "waiting_since"),
        *("failing_since", "last_answer", "last_at"),
    ]
    list_filter = [StateFilter, "disabled_reason"]
    list_select_related = ["organization"]
    list_per_page = 25
    list_before_template = "admin/webhooks/endpoint/figures.html"
    fields = readonly_fields = SHOWN
    search_fields = ["=id", "organization__name", "description"]
    search_help_text = "An id, an organization's name, or a description."
    ordering = ["-created_at"]
    show_full_result_count = False
    actions = ["disable", "enable"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Endpoint]:
        """All that are not deleted, with their backlog and their last answer."""
        # tenancy: the staff of the service sees every organization
        existing = Endpoint.objects.existing()
        return with_last_answer(with_backlog(existing))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The list, below the figures of all."""
        figures = {"figures": read_figures()}
        page: TemplateResponse = super().changelist_view(request, {**figures, **(extra_context or {})})
        return page

    @admin.display(description="Backlog", ordering="backlog")
    def backlog(self, endpoint: Endpoint) -> int:
        """How many deliveries wait."""
        return int(getattr(endpoint, "backlog", 0))

    @admin.display(description="Waiting since", ordering="oldest_at")
    def waiting_since(self, endpoint: Endpoint) -> Any:
        """When the oldest of them was queued."""
        return getattr(endpoint, "oldest_at", None)

    @admin.display(description="Last answer")
    def last_answer(self, endpoint: Endpoint) -> Any:
        """Its status, or why there was none."""
        code, error = getattr(endpoint, "last_status_code", None), getattr(endpoint, "last_error", None)
        return " ".join(str(part) for part in (code, error) if part) or None

    @admin.display(description="Last tried")
    def last_at(self, endpoint: Endpoint) -> Any:
        """When that was."""
        return getattr(endpoint, "last_at", None)

    @admin.action(description="Disable the selected webhooks", permissions=["end"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        """Send them nothing more; their owners and admins get a mail, and cannot enable them again."""
        now, reason = timezone.now(), Endpoint.DisabledReason.OPERATOR
        ids = list(queryset.order_by("pk").values_list("pk", flat=True))
        count = sum(disable_endpoint(endpoint_id=id, reason=reason, now=now) for id in ids)
        self.message_user(request, f"{count} webhooks disabled.")

    @admin.action(description="Enable the selected webhooks", permissions=["end"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        """Send them what is pending, and what happens from now on."""
        now = timezone.now()
        ids = list(queryset.order_by("pk").values_list("pk", flat=True))
        count = sum(enable_endpoint(endpoint_id=id, now=now) for id in ids)
        self.message_user(request, f"{count} webhooks enabled.")
