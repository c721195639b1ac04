"""Stripe's billing portal: cards, invoices, and the end of a subscription, on pages of Stripe's."""

from django.conf import settings

from accounts.models import Organization
from coditect.errors import Conflict
from subscriptions import stripe
from subscriptions.models import StripeCustomer
from subscriptions.services.redirects import require_redirect


class NothingToManage(Conflict):
    """The organization has never been at a checkout, so that Stripe does not know it."""

    code = "no_billing_account"
    message = "This organization has no billing account yet. Open a checkout first."


def open_portal(*, organization: Organization, return_url: str = "") -> str:
    """The address of the portal for an organization, good for a few minutes.

    Raises InvalidInput for a URL elsewhere, NothingToManage, StripeUnavailable, StripeRefused.
    """
    if return_url:
        require_redirect("return_url", return_url)
    customer = StripeCustomer.objects.for_organization(organization).first()
    if customer is None:
        raise NothingToManage
    return stripe.create_portal_session(customer.stripe_customer_id, return_url=return_url or settings.PUBLIC_URL)
