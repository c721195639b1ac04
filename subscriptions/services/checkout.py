"""Seats are bought at a checkout page of Stripe's; an organization has one such page open at a time.

That, and not what two tabs of a browser do, decides that nobody pays twice: while one can be paid, the same checkout is
answered again, and for another one it is closed first.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.models import Membership, Organization
from accounts.services.organizations import lock_organization
from coditect.errors import Conflict, InvalidInput
from subscriptions import stripe
from subscriptions.facts import CheckoutFacts
from subscriptions.models import Checkout, Intent, Price, Subscription
from subscriptions.services.customers import customer_of
from subscriptions.services.intents import REPEATABLE, begin_intent, carry_out
from subscriptions.services.redirects import require_redirect
from subscriptions.services.sync import sync_customer
from subscriptions.services.write_checkouts import write_checkout


class AlreadySubscribed(Conflict):
    """The organization has a subscription: it is changed, not bought again."""

    code = "already_subscribed"
    message = "This organization has a subscription already. Change its seats or its plan instead."


class CheckoutInProgress(Conflict):
    """Somebody else is just opening another checkout for the organization."""

    code = "checkout_in_progress"
    message = "Another checkout of this organization is being opened. Try again in a moment."


def open_checkout(
    *, by: Membership, price_id: str, seats: int, success_url: str, cancel_url: str, now: datetime
) -> Checkout:
    """A page where so many seats can be paid. Asked again for the same, it is the same page.

    Raises InvalidInput for a price that is not offered, a number of seats that its plan does not come in, and a URL
    elsewhere; AlreadySubscribed, CheckoutInProgress, OrganizationNotFound, StripeUnavailable, StripeRefused.
    """
    price = offered_price(price_id, seats=seats)
    require_redirect("success_url", success_url)
    require_redirect("cancel_url", cancel_url)
    wanted = Checkout(
        organization=by.organization,
        price=price,
        seats=seats,
        success_url=success_url,
        cancel_url=cancel_url,
        created_at=now,
    )
    _settle(wanted, now=now)
    checkout = _begin(wanted, customer_id=customer_of(by=by, now=now), now=now)
    if checkout.status == Checkout.Status.OPEN:
        return checkout
    facts = carry_out(checkout.intent, lambda params, key: stripe.create_checkout(params, key=key), now=now)
    return _write(checkout, facts)


def offered_price(price_id: str, *, seats: int, field: str = "seats") -> Price:
    """A price on offer, for a number of seats that its plan comes in. Raises InvalidInput."""
    price = Price.objects.offered().filter(pk=price_id, plan__is_offered=True).select_related("plan").first()
    if price is None:
        raise InvalidInput("price_id", "No such price is on offer.")
    plan = price.plan
    if not plan.takes(seats):
        upper = f" to {plan.max_seats}" if plan.max_seats else " or more"
        raise InvalidInput(field, f"The plan {plan.name} has {plan.min_seats}{upper} seats, not {seats}.")
    return price


def _settle(wanted: Checkout, *, now: datetime) -> None:
    """Ask Stripe what became of the checkout that is open, and close it where another is wanted."""
    known = Checkout.objects.for_organization(wanted.organization).under_way().exclude(stripe_session_id=None).first()
    if known is None or known.stripe_session_id is None:
        return
    try:
        facts = stripe.retrieve_checkout(known.stripe_session_id)
        if facts.status == "open" and not _is_same(known, wanted):
            facts = stripe.expire_checkout(known.stripe_session_id)
    except stripe.StripeKnowsNone:
        _end(known, Checkout.Status.EXPIRED, now=now)
        return
    except stripe.StripeRefused:
        # Paid, or run out, since we asked.
        facts = stripe.retrieve_checkout(known.stripe_session_id)
    if facts.status == "complete":
        sync_customer(organization=wanted.organization, now=now)
        _end(known, Checkout.Status.COMPLETE, now=now)
    elif facts.status == "expired":
        # Told here and now: nobody asks about it again, and Stripe's own word of it may be lost.
        with transaction.atomic():
            write_checkout(wanted.organization, facts, now=now)


@transaction.atomic
def _begin(wanted: Checkout, *, customer_id: str, now: datetime) -> Checkout:
    """Write down what is to be opened; what somebody else opened for the same meanwhile will do.

    Raises AlreadySubscribed, CheckoutInProgress.
    """
    organization = lock_organization(wanted.organization.pk)
    if Subscription.objects.for_organization(organization).live().exists():
        raise AlreadySubscribed
    known = Checkout.objects.for_organization(organization).under_way().select_related("intent").first()
    if known is not None:
        if _is_same(known, wanted) and _can_be_asked_again(known, now=now):
            return known
        if known.status == Checkout.Status.OPEN:
            raise CheckoutInProgress
        _end(known, Checkout.Status.ABANDONED, now=now)
    request = _request(wanted, customer_id=customer_id, has_had_one=_has_had_one(organization))
    wanted.intent = begin_intent(organization=organization, kind=Intent.Kind.CHECKOUT, request=request, now=now)
    wanted.save(force_insert=True)
    return wanted


def _write(checkout: Checkout, facts: CheckoutFacts) -> Checkout:
    """Note the page. Where the checkout was given up while Stripe opened it, close it: nobody has its address yet."""
    with transaction.atomic():
        fresh = Checkout.objects.select_for_update().get(pk=checkout.pk)
        if fresh.status == Checkout.Status.PENDING:
            fresh.status, fresh.stripe_session_id = Checkout.Status.OPEN, facts.id
            fresh.url, fresh.expires_at = facts.url, facts.expires_at
            fresh.save(update_fields=["status", "stripe_session_id", "url", "expires_at"])
    if fresh.status == Checkout.Status.OPEN:
        return fresh
    if fresh.stripe_session_id is None:
        stripe.expire_checkout(facts.id)
    raise CheckoutInProgress


def _end(checkout: Checkout, status: Checkout.Status, *, now: datetime) -> None:
    """Note that it cannot be paid any more; one that has ended meanwhile stays as it is."""
    completed_at = now if status == Checkout.Status.COMPLETE else None
    Checkout.objects.filter(pk=checkout.pk).under_way().update(status=status, completed_at=completed_at)


def _is_same(known: Checkout, wanted: Checkout) -> bool:
    names = ("price_id", "seats", "success_url", "cancel_url")
    return all(getattr(known, name) == getattr(wanted, name) for name in names)


def _can_be_asked_again(known: Checkout, *, now: datetime) -> bool:
    """Whether it has a page, or gets the very one that Stripe opened when we last asked, and which nobody noted."""
    intent = known.intent
    has_page = intent.status in {Intent.Status.PENDING, Intent.Status.DONE} and now - intent.created_at < REPEATABLE
    return known.status == Checkout.Status.OPEN or has_page


def _has_had_one(organization: Organization) -> bool:
    return Subscription.objects.for_organization(organization).exists()


def _request(wanted: Checkout, *, customer_id: str, has_had_one: bool) -> dict[str, Any]:
    """What Stripe is asked for. A trial is for those who have not had a subscription yet."""
    ids = {"organization_id": str(wanted.organization.pk), "checkout_id": str(wanted.pk)}
    about: dict[str, Any] = {"metadata": ids}
    if wanted.price.trial_days and not has_had_one:
        about["trial_period_days"] = wanted.price.trial_days
    return {
        "mode": "subscription",
        "customer": customer_id,
        "client_reference_id": str(wanted.organization.pk),
        "line_items": [{"price": wanted.price.stripe_price_id, "quantity": wanted.seats}],
        "success_url": wanted.success_url,
        "cancel_url": wanted.cancel_url or settings.PUBLIC_URL,
        "metadata": ids,
        "subscription_data": about,
    }
