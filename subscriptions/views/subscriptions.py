"""Endpoints of an organization's subscription, for its owners."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from accounts.tenancy import OrganizationView
from coditect.api.credentials import Scopes
from coditect.api.results import Created, Listing
from coditect.api.schema.description import Answer, PageOf, created, describe
from coditect.errors import Forbidden, InvalidInput
from subscriptions import answers
from subscriptions.models import Invoice, Subscription
from subscriptions.serializers import requests
from subscriptions.serializers import subscriptions as shapes
from subscriptions.services.checkout import AlreadySubscribed, CheckoutInProgress, open_checkout
from subscriptions.services.find import SubscriptionNotFound, find_subscription
from subscriptions.services.portal import NothingToManage, open_portal
from subscriptions.services.write_subscriptions import PriceUnknown
from subscriptions.stripe import StripeKnowsNone, StripeRefused, StripeUnavailable

TAG = "Subscriptions"
ASKS_STRIPE = (Forbidden, StripeRefused, StripeUnavailable, StripeKnowsNone)
OPENS = (*ASKS_STRIPE, AlreadySubscribed, CheckoutInProgress, InvalidInput, PriceUnknown)
EXAMPLE = {
    "price_id": "price_pro_monthly",
    "seats": 5,
    "success_url": "https://app.coditect.ai/success",
    "cancel_url": "https://app.coditect.ai/pricing",
}
READS: Scopes = {"get": "read:billing"}
MANAGES: Scopes = {"post": "manage:billing"}


class SubscriptionsView(OrganizationView):
    """All subscriptions that the organization has had."""

    scopes: ClassVar[Scopes] = {**READS, **MANAGES}

    @describe(
        "list_subscriptions",
        "List subscriptions",
        tag=TAG,
        query=requests.SubscriptionQuery,
        answers=[PageOf("subscriptions", answers.SubscriptionBody)],
        errors=[Forbidden],
    )
    def get(self, request: Request) -> Listing:
        """The one it has, and those that have ended. For owners."""
        query = requests.SubscriptionQuery(request)
        own = Subscription.objects.for_organization(self.owner.organization).select_related("price__plan")
        return Listing(
            key="subscriptions", rows=query.apply(own), sort=query.sort, present=shapes.present_subscriptions
        )

    @describe(
        "create_subscription",
        "Begin a subscription",
        tag=TAG,
        request=requests.CheckoutSerializer,
        answers=[created(answers.CheckoutBody)],
        errors=OPENS,
        example=EXAMPLE,
        charges=True,
    )
    def post(self, request: Request) -> Created:
        """The same as opening a checkout: the subscription begins when it is paid. For owners."""
        return _open_checkout(self)


class CheckoutView(OrganizationView):
    """Buy seats."""

    scopes: ClassVar[Scopes] = MANAGES

    @describe(
        "open_checkout",
        "Open a checkout",
        tag=TAG,
        request=requests.CheckoutSerializer,
        answers=[created(answers.CheckoutBody)],
        errors=OPENS,
        example=EXAMPLE,
        charges=True,
    )
    def post(self, request: Request) -> Created:
        """A page at Stripe where so many seats can be paid; the license is there a moment after.

        Both URLs must be at an origin that this server is set up for. An organization has one checkout open at a time:
        asked again for the same it is the same page, and for another one it is closed. For owners.
        """
        return _open_checkout(self)


class SubscriptionView(OrganizationView):
    """One subscription."""

    scopes: ClassVar[Scopes] = READS

    @describe(
        "get_subscription",
        "Show a subscription",
        tag=TAG,
        answers=[Answer(answers.SubscriptionBody)],
        errors=[Forbidden, SubscriptionNotFound],
    )
    def get(self, request: Request, subscription_id: UUID) -> dict[str, Any]:
        """One that the organization has, or has had. For owners."""
        organization = self.owner.organization
        return shapes.present_subscription(
            find_subscription(organization=organization, subscription_id=subscription_id)
        )


class PortalView(OrganizationView):
    """Cards and invoices at Stripe."""

    scopes: ClassVar[Scopes] = MANAGES

    @describe(
        "open_billing_portal",
        "Open the billing portal",
        tag=TAG,
        request=requests.PortalSerializer,
        answers=[Answer(answers.PortalBody)],
        errors=[*ASKS_STRIPE, NothingToManage, InvalidInput],
        example={"return_url": "https://app.coditect.ai/billing"},
    )
    def post(self, request: Request) -> dict[str, Any]:
        """A page at Stripe to change cards, pay what is open, see invoices, and cancel. For owners."""
        organization = self.owner.organization
        return {"portal_url": open_portal(organization=organization, **self.read(requests.PortalSerializer))}


class InvoicesView(OrganizationView):
    """The organization's bills."""

    scopes: ClassVar[Scopes] = READS

    @describe(
        "list_invoices",
        "List invoices",
        tag=TAG,
        query=requests.InvoiceQuery,
        answers=[PageOf("invoices", answers.InvoiceBody)],
        errors=[Forbidden],
    )
    def get(self, request: Request) -> Listing:
        """All of them, the newest first. For owners."""
        query = requests.InvoiceQuery(request)
        rows = query.apply(Invoice.objects.for_organization(self.owner.organization))
        return Listing(key="invoices", rows=rows, sort=query.sort, present=shapes.present_invoices)


def _open_checkout(view: OrganizationView) -> Created:
    by, wanted = view.owner, view.read(requests.CheckoutSerializer)
    return Created(shapes.present_checkout(open_checkout(by=by, now=timezone.now(), **wanted)))
