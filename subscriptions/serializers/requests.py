"""What the endpoints of subscriptions take."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers

from coditect.api.fields import FlagField, NumberField, TextField
from coditect.api.queries import ListQuery
from subscriptions.models import Invoice, Subscription
from subscriptions.models.plans import MOST_SEATS
from subscriptions.services.redirects import LONGEST


class RedirectField(TextField):
    """A URL to come back to, as sent: blanks around it are part of what is refused."""

    def __init__(self, **about: Any) -> None:
        super().__init__(max_length=LONGEST, trim_whitespace=False, **about)


class PriceSerializer(serializers.Serializer[Any]):
    """A price."""

    price_id = TextField(max_length=64)


class SeatsSerializer(serializers.Serializer[Any]):
    """A number of seats."""

    seats = NumberField(min_value=1, max_value=MOST_SEATS)


class CheckoutSerializer(serializers.Serializer[Any]):
    """What a checkout takes."""

    price_id = TextField(max_length=64)
    seats = NumberField(min_value=1, max_value=MOST_SEATS)
    success_url = RedirectField(
        help_text="Where to go once it is paid. Stripe puts the session's id for {CHECKOUT_SESSION_ID}."
    )
    cancel_url = RedirectField(help_text="Where to go otherwise.")


class CancelSerializer(serializers.Serializer[Any]):
    """What a cancellation takes."""

    immediately = FlagField(default=False, help_text="End it now, not with the period that is paid.")


class PortalSerializer(serializers.Serializer[Any]):
    """What the portal takes."""

    return_url = RedirectField(required=False, help_text="Where its way back leads.")


class PlanQuery(ListQuery):
    """The list of plans has an order of its own."""

    sortable: ClassVar[dict[str, str]] = {"position": "position", "name": "name"}
    default_sort: ClassVar[str] = "position"


class SubscriptionQuery(ListQuery):
    """Filters of the list of subscriptions."""

    sortable: ClassVar[dict[str, str]] = {"created_at": "created_at"}

    status = serializers.ChoiceField(required=False, choices=Subscription.Status.values)

    def filter_status(self, rows: QuerySet[Subscription], value: str) -> QuerySet[Subscription]:
        """Of one status."""
        return rows.filter(status=value)


class InvoiceQuery(ListQuery):
    """Filters of the list of invoices."""

    sortable: ClassVar[dict[str, str]] = {"created_at": "created_at"}

    status = serializers.ChoiceField(required=False, choices=Invoice.Status.values)

    def filter_status(self, rows: QuerySet[Invoice], value: str) -> QuerySet[Invoice]:
        """Of one status."""
        return rows.filter(status=value)
