"""How webhooks to customers do, in figures: for the console, and for whoever watches the service."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from coditect.journal.models import Event
from webhooks.models import Attempt, Delivery, Endpoint


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Of all organizations: endpoints, what waits for those that are enabled, and what nobody has queued yet."""

    enabled: int
    failing: int
    disabled: int
    backlog: int
    oldest_at: datetime | None
    undispatched: int


def read_figures() -> Figures:
    """As of now."""
    is_enabled = Q(status=Endpoint.Status.ENABLED)
    # tenancy: the figures are of every organization
    endpoints = Endpoint.objects.existing().aggregate(
        enabled=Count("pk", filter=is_enabled),
        failing=Count("pk", filter=is_enabled & Q(failing_since__isnull=False)),
        disabled=Count("pk", filter=~is_enabled),
    )
    # tenancy: the figures are of every organization
    waiting = Delivery.objects.in_lane().filter(endpoint__status=Endpoint.Status.ENABLED).order_by()
    backlog = waiting.aggregate(backlog=Count("pk"), oldest_at=Min("created_at"))
    # tenancy: the figures are of every organization
    return Figures(**endpoints, **backlog, undispatched=Event.objects.undispatched().count())


def with_backlog(endpoints: QuerySet[Endpoint]) -> QuerySet[Endpoint]:
    """Endpoints with the number of deliveries that wait for each, `backlog`, and since when, `oldest_at`."""
    # tenancy: the deliveries of the endpoints that were chosen
    waiting = Delivery.objects.in_lane().filter(endpoint=OuterRef("pk")).order_by().values("endpoint")
    return endpoints.annotate(
        backlog=Coalesce(Subquery(waiting.annotate(count=Count("pk")).values("count")), 0),
        oldest_at=Subquery(waiting.annotate(oldest=Min("created_at")).values("oldest")),
    )


def with_last_answer(endpoints: QuerySet[Endpoint]) -> QuerySet[Endpoint]:
    """Endpoints with what came of the last try: `last_at`, `last_status_code` or `last_error`.

    That of what stands furthest back in the lane, of all that was tried: the last but for one-shots beside it.
    """
    # tenancy: the deliveries of the endpoints that were chosen
    tried = Delivery.objects.filter(endpoint=OuterRef("pk"), attempts__gt=0).order_by("-position")
    endpoints = endpoints.annotate(last_delivery=Subquery(tried.values("pk")[:1]))
    # tenancy: the tries of those
    last = Attempt.objects.filter(delivery=OuterRef("last_delivery")).order_by("-at", "-pk")
    return endpoints.annotate(
        last_at=Subquery(last.values("at")[:1]),
        last_status_code=Subquery(last.values("status_code")[:1]),
        last_error=Subquery(last.values("error")[:1]),
    )
