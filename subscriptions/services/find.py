"""An organization's subscription, as it was last heard of."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import Organization
from coditect.errors import Conflict, NotFound
from licenses.models import License
from subscriptions.models import Plan, Subscription


class SubscriptionNotFound(NotFound):
    """The organization has no such subscription, or none at all."""

    code = "subscription_not_found"
    message = "Subscription not found."


@dataclass(frozen=True, kw_only=True)
class CurrentPlan:
    """What an organization has: a subscription, or the free plan with its free license."""

    subscription: Subscription | None
    plan: Plan | None
    license: License | None


def find_subscription(*, organization: Organization, subscription_id: UUID | None = None) -> Subscription:
    """That of an id, else the live one, else the last that ended. Raises SubscriptionNotFound."""
    found = Subscription.objects.for_organization(organization).select_related("price__plan")
    if subscription_id is not None:
        subscription = found.filter(pk=subscription_id).first()
    else:
        subscription = found.live().first() or found.order_by("is_surplus", "-created_at", "-id").first()
    if subscription is None:
        raise SubscriptionNotFound
    return subscription


def current_plan(*, organization: Organization, now: datetime) -> CurrentPlan:
    """What an organization has now."""
    live = Subscription.objects.for_organization(organization).live()
    subscription = live.select_related("price__plan", "license").first()
    if subscription is not None:
        return CurrentPlan(subscription=subscription, plan=subscription.price.plan, license=subscription.license)
    plan = Plan.objects.filter(pk=Plan.FREE).first()
    licenses = License.objects.for_organization(organization).usable(at=now)
    tier = plan.tier if plan else Plan.FREE
    return CurrentPlan(
        subscription=None, plan=plan, license=licenses.filter(tier=tier).order_by("created_at", "id").first()
    )


def refuse_live(*, organization: Organization) -> None:
    """Raise Conflict where an organization still has a subscription."""
    if Subscription.objects.for_organization(organization).live().exists():
        raise Conflict("This organization has a live subscription. Cancel it at once, then delete the organization.")
