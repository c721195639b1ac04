"""An organization becomes one of Stripe's customers, once."""

from datetime import datetime

from accounts.models import Membership
from subscriptions import stripe
from subscriptions.models import Intent, StripeCustomer
from subscriptions.services.intents import begin_intent, carry_out


def customer_of(*, by: Membership, now: datetime) -> str:
    """The organization's id at Stripe, where it is made known if need be; bills go to who did that.

    Raises OrganizationNotFound, StripeUnavailable, StripeRefused.
    """
    organization = by.organization
    known = StripeCustomer.objects.for_organization(organization).first()
    if known is not None:
        return known.stripe_customer_id
    intent = _intent(by=by, now=now)
    # One that was carried out while its writer died here needs no second customer.
    id = intent.stripe_id or carry_out(intent, lambda params, key: stripe.create_customer(params, key=key), now=now)
    customer, _ = StripeCustomer.objects.for_organization(organization).get_or_create(
        defaults={"organization": organization, "stripe_customer_id": id, "created_at": now}
    )
    return customer.stripe_customer_id


def _intent(*, by: Membership, now: datetime) -> Intent:
    organization = by.organization
    kind = Intent.Kind.CUSTOMER
    done = Intent.objects.for_organization(organization).filter(kind=kind, status=Intent.Status.DONE).first()
    if done is not None:
        return done
    request = {
        "email": by.user.email,
        "name": organization.name,
        "metadata": {"organization_id": str(organization.pk)},
    }
    return begin_intent(organization=organization, kind=kind, request=request, now=now)
