"""What administrators see of the journal; to look at."""

from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from coditect.journal.models import Event, Mail

KINDS = (
    *("user", "console", "member", "organization", "api_token", "license", "signing_key", "batch"),
    *("subscription", "checkout", "invoice", "webhook"),
)


class RecordAdmin(ModelAdmin):
    """Rows to look at; what is done to them goes through services, as actions of whoever may change them."""

    def has_add_permission(self, *_: object, **__: object) -> bool:
        """Only the product makes one."""
        return False

    def has_change_permission(self, *_: object, **__: object) -> bool:
        """To look at."""
        return False

    def has_delete_permission(self, *_: object, **__: object) -> bool:
        """The record stays."""
        return False

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Whoever could change a row may end what it stands for."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")


class KindFilter(admin.SimpleListFilter):
    """By what an event is about; the types themselves are too many for a list."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, *_: object) -> list[tuple[str, str]]:
        """The first words of types."""
        return [(kind, kind.replace("_", " ")) for kind in KINDS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        """Those of the kind chosen."""
        return queryset.filter(type__startswith=f"{self.value()}.") if self.value() in KINDS else queryset


@admin.register(Event)
class EventAdmin(RecordAdmin):
    """The audit, of all organizations."""

    list_display = ["at", "type", "subject_type", "subject_id", "actor_id", "organization_id", "ip", "request_id"]
    list_filter = [KindFilter, "at"]
    search_fields = ["type"]
    search_help_text = "An id of a user, an organization, an API token or an object; a request's id; or a type."
    ordering = ["-at"]
    show_full_result_count = False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        """Exact, so that indexes find it among very many."""
        term = search_term.strip()
        if not term:
            return queryset, False
        try:
            id = UUID(term)
        except ValueError:
            return queryset.filter(Q(request_id=term) | Q(type=term)), False
        about = Q(subject_id=id) | Q(actor_id=id) | Q(organization_id=id) | Q(api_token_id=id) | Q(pk=id)
        return queryset.filter(about), False


@admin.register(Mail)
class MailAdmin(RecordAdmin):
    """Which mail went to whom, and which did not; its words and its secrets are kept nowhere."""

    list_display = ["template", "to", "status", "attempts", "created_at", "sent_at", "last_error"]
    list_filter = ["status", "template"]
    search_fields = ["to"]
    ordering = ["-created_at"]
