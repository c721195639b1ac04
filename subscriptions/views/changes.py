"""Endpoints that change an organization's subscription, for its owners."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from accounts.tenancy import OrganizationView
from coditect.api.credentials import Scopes
from coditect.api.schema.description import Answer, describe
from coditect.errors import InvalidInput
from subscriptions import answers
from subscriptions.serializers import requests
from subscriptions.serializers import subscriptions as shapes
from subscriptions.services.cancel import SubscriptionEnded, cancel_subscription, resume_subscription
from subscriptions.services.change import SubscriptionNotPaid, change_plan, change_seat_count
from subscriptions.services.find import SubscriptionNotFound
from subscriptions.services.write_subscriptions import PriceUnknown
from subscriptions.stripe import PaymentDeclined
from subscriptions.views.subscriptions import ASKS_STRIPE, MANAGES, TAG

CHANGES = (*ASKS_STRIPE, SubscriptionNotFound, PriceUnknown)


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
