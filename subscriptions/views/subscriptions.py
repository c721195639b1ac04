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
from subscriptions.services.cancel import SubscriptionEnded, cancel_subscription, resume_subscription
from subscriptions.services.change import SubscriptionNotPaid, change_plan, change_seat_count
from subscriptions.services.checkout import AlreadySubscribed, CheckoutInProgress, open_checkout
from subscriptions.services.find import SubscriptionNotFound, find_subscription
from subscriptions.services.portal import NothingToManage, open_portal
from subscriptions.stripe import PaymentDeclined, StripeRefused, StripeUnavailable

TAG = "Subscriptions"
ASKS_STRIPE = (Forbidden, StripeRefused, StripeUnavailable)
CHANGES = (*ASKS_STRIPE, SubscriptionNotFound)
OPENS = (*ASKS_STRIPE, AlreadySubscribed, CheckoutInProgress, InvalidInput)
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


class UpdateView(OrganizationView):
    """Buy more seats, or fewer."""

    scopes: ClassVar[Scopes] = MANAGES

    @describe(
        "change_subscription_seats",
        "Change the number of seats",
        tag=TAG,
        request=requests.SeatsSerializer,
        answers=[Answer(answers.SubscriptionBody)],
        errors=[*CHANGES, SubscriptionNotPaid, PaymentDeclined, InvalidInput],
        example={"seats": 10},
        charges=True,
    )
    def post(self, request: Request) -> dict[str, Any]:
        """More seats are charged now, for the rest of the period; fewer are credited to the next bill.

        Where fewer are left than are in use, the newest ones are not renewed: each keeps what it was promised. A
        declined card changes nothing. For owners.
        """
        wanted = self.read(requests.SeatsSerializer)
        changed = change_seat_count(organization=self.owner.organization, now=timezone.now(), **wanted)
        return shapes.present_subscription(changed)


class ChangePlanView(OrganizationView):
    """Go over to another price."""

    scopes: ClassVar[Scopes] = MANAGES

    @describe(
        "change_subscription_plan",
        "Change the plan",
        tag=TAG,
        request=requests.PriceSerializer,
        answers=[Answer(answers.SubscriptionBody)],
        errors=[*CHANGES, SubscriptionNotPaid, PaymentDeclined, InvalidInput],
        example={"price_id": "price_team_monthly"},
        charges=True,
    )
    def post(self, request: Request) -> dict[str, Any]:
        """Another plan, or from monthly to yearly. What is paid and not used up is credited, the rest charged now.

        The plan must come in the present number of seats. For owners.
        """
        wanted = self.read(requests.PriceSerializer)
        changed = change_plan(organization=self.owner.organization, now=timezone.now(), **wanted)
        return shapes.present_subscription(changed)


class CancelView(OrganizationView):
    """End the subscription."""

    scopes: ClassVar[Scopes] = MANAGES

    @describe(
        "cancel_current_subscription",
        "Cancel the subscription",
        tag=TAG,
        request=requests.CancelSerializer,
        answers=[Answer(answers.SubscriptionBody)],
        errors=CHANGES,
        example={"immediately": False},
        charges=True,
    )
    def post(self, request: Request) -> dict[str, Any]:
        """It ends with the period that is paid, and can be resumed until then; or `immediately`, without money back.

        Twice is the same as once. For owners.
        """
        wanted = self.read(requests.CancelSerializer)
        canceled = cancel_subscription(organization=self.owner.organization, now=timezone.now(), **wanted)
        return shapes.present_subscription(canceled)


class CancelByIdView(OrganizationView):
    """End one subscription."""

    scopes: ClassVar[Scopes] = MANAGES

    @describe(
        "cancel_subscription",
        "Cancel a subscription by its id",
        tag=TAG,
        request=requests.CancelSerializer,
        answers=[Answer(answers.SubscriptionBody)],
        errors=CHANGES,
        example={"immediately": False},
        charges=True,
    )
    def post(self, request: Request, subscription_id: UUID) -> dict[str, Any]:
        """As without the id. For owners."""
        organization, wanted = self.owner.organization, self.read(requests.CancelSerializer)
        canceled = cancel_subscription(
            organization=organization, subscription_id=subscription_id, now=timezone.now(), **wanted
        )
        return shapes.present_subscription(canceled)


class ResumeView(OrganizationView):
    """Take a cancellation back."""

    scopes: ClassVar[Scopes] = MANAGES

    @describe(
        "resume_subscription",
        "Resume the subscription",
        tag=TAG,
        answers=[Answer(answers.SubscriptionBody)],
        errors=[*CHANGES, SubscriptionEnded, PaymentDeclined],
        charges=True,
    )
    def post(self, request: Request) -> dict[str, Any]:
        """It goes on as if never canceled; a paused one is taken up, and charged. Twice is the same as once.

        For owners.
        """
        return shapes.present_subscription(
            resume_subscription(organization=self.owner.organization, now=timezone.now())
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
