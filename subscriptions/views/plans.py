"""What is for sale, and what an organization has."""

from typing import Any, ClassVar

from django.utils import timezone
from rest_framework.request import Request

from accounts.tenancy import OrganizationView
from coditect.api.credentials import Scopes
from coditect.api.results import Listing
from coditect.api.schema.description import Answer, PageOf, describe
from coditect.api.views import PublicView
from subscriptions import answers
from subscriptions.models import Plan
from subscriptions.serializers.plans import present_plans
from subscriptions.serializers.requests import PlanQuery
from subscriptions.serializers.subscriptions import present_current
from subscriptions.services.find import current_plan

TAG = "Subscriptions"


class PlansView(PublicView):
    """The plans on offer."""

    @describe("list_plans", "List the plans", tag=TAG, query=PlanQuery, answers=[PageOf("plans", answers.PlanBody)])
    def get(self, request: Request) -> Listing:
        """What is on offer, with its prices. For everybody, without log-in."""
        query = PlanQuery(request)
        rows = query.apply(Plan.objects.offered())
        return Listing(key="plans", rows=rows, sort=query.sort, present=present_plans)


class CurrentView(OrganizationView):
    """What the organization has."""

    scopes: ClassVar[Scopes] = {"get": "read:billing"}

    @describe(
        "get_current_subscription",
        "Show what the organization has",
        tag=TAG,
        answers=[Answer(answers.CurrentPlanBody)],
    )
    def get(self, request: Request) -> dict[str, Any]:
        """The subscription; without one, the free plan: always a 200. For every member."""
        organization = self.membership.organization
        return present_current(current_plan(organization=organization, now=timezone.now()))
