"""What a subscription means for its license: seats while it is paid, and through the days of grace."""

from datetime import datetime, timedelta
from typing import Any

from licenses.models import License
from licenses.services.capacity import change_seats
from licenses.services.issue import FREE_TIER, issue_free_license, issue_license
from licenses.services.life import reinstate_license, renew_license, suspend_license
from licenses.services.terms import change_terms, end_license
from subscriptions.models import Subscription
from subscriptions.services.dunning import is_over

# How long seats go on beyond a period whose renewal we have not heard of yet: events take their time, and outages, too.
SLACK = timedelta(days=1)
PAID = "paid"
UNPAID = "not paid"
ENDED = "the subscription has ended"


def entitle(subscription: Subscription, *, at: datetime, now: datetime) -> None:
    """Bring the license in line; `at` is what Stripe's clock says. A license that was revoked is left alone."""
    if not subscription.has_begun or subscription.is_surplus:
        return
    if subscription.has_ended and _is_handed_on(subscription):
        return
    license = _license_of(subscription, now=now)
    if license.status == License.Status.REVOKED:
        return
    if subscription.has_ended:
        _end(license, subscription, now=now)
        return
    _change(license, subscription, now=now)
    if subscription.is_paid:
        _reinstate(license, reason=PAID, now=now)
    elif subscription.status == Subscription.Status.PAUSED or is_over(subscription, at=at):
        suspend_license(license_id=license.pk, hold=License.Hold.BILLING, reason=UNPAID, now=now)


def end_of(subscription: Subscription) -> datetime:
    """Until when it gives seats: what is paid and, where it renews itself, a little longer."""
    if subscription.cancel_at_period_end:
        return subscription.current_period_end
    if subscription.cancel_at is not None:
        return min(subscription.cancel_at, subscription.current_period_end + SLACK)
    return subscription.current_period_end + SLACK


def _license_of(subscription: Subscription, *, now: datetime) -> License:
    """The subscription's own, that of the organization's last subscription, so that keys stay good, or a new one."""
    if subscription.license is not None:
        return subscription.license
    license = _take_over(subscription) or issue_license(
        organization=subscription.organization,
        tier=subscription.price.plan.tier,
        seats=subscription.seats,
        expires_at=max(end_of(subscription), now + SLACK),
        now=now,
    )
    subscription.license = license
    subscription.save(update_fields=["license"])
    return license


def _take_over(subscription: Subscription) -> License | None:
    organization = subscription.organization
    earlier = Subscription.objects.for_organization(organization).exclude(pk=subscription.pk).exclude(license=None)
    usable = earlier.filter(license__organization=organization).exclude(license__status=License.Status.REVOKED)
    last = usable.select_related("license").order_by("-created_at").first()
    if last is None or not (last.has_ended or last.is_surplus):
        return None
    license, last.license = last.license, None
    last.save(update_fields=["license"])
    return license


def _change(license: License, subscription: Subscription, *, now: datetime) -> None:
    """Tier, seats and end as sold; more seats only once they are paid."""
    _change_terms(license, subscription, renews_itself=not subscription.is_ending, now=now)
    if subscription.is_paid or subscription.seats < license.max_seats:
        _change_seats(license, subscription)
    end = end_of(subscription)
    if end > now and end != license.expires_at:
        renew_license(license_id=license.pk, expires_at=end, reason=PAID, now=now)


def _change_terms(license: License, subscription: Subscription, *, renews_itself: bool, now: datetime) -> None:
    """What is so already is not asked for, here and below: most events bring nothing new, and each would lock seats."""
    plan = subscription.price.plan
    terms: dict[str, Any] = {"tier": plan.tier, "features": plan.features, "renews_itself": renews_itself}
    if any(getattr(license, name) != value for name, value in terms.items()):
        change_terms(license_id=license.pk, **terms, now=now)


def _change_seats(license: License, subscription: Subscription) -> None:
    if license.max_seats != subscription.seats:
        change_seats(license_id=license.pk, seats=subscription.seats)


def _reinstate(license: License, *, reason: str, now: datetime) -> None:
    """Lift our own hold, where there is one; those of others are theirs."""
    if License.Hold.BILLING in license.holds:
        reinstate_license(license_id=license.pk, hold=License.Hold.BILLING, reason=reason, now=now)


def _is_handed_on(subscription: Subscription) -> bool:
    """Whether its license is a later subscription's now, or that of one of the same second."""
    others = Subscription.objects.for_organization(subscription.organization).exclude(pk=subscription.pk)
    later = others.filter(created_at__gte=subscription.created_at, is_surplus=False).exclude(license=None)
    return subscription.license_id is None and later.exists()


def _end(license: License, subscription: Subscription, *, now: datetime) -> None:
    """Let the license have expired, and see that there is a free one to fall back to."""
    _change_terms(license, subscription, renews_itself=False, now=now)
    end = min(subscription.ended_at or now, now)
    if license.expires_at is None or license.expires_at > end:
        end_license(license_id=license.pk, at=end, reason=ENDED, now=now)
    # Of no use any more, but what it was in the end must not depend on what of it we saw.
    _change_seats(license, subscription)
    _reinstate(license, reason=ENDED, now=now)
    licenses = License.objects.for_organization(subscription.organization)
    if not licenses.filter(tier=FREE_TIER).exclude(status=License.Status.REVOKED).exists():
        issue_free_license(organization_id=subscription.organization_id, now=now)
