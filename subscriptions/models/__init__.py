"""What is for sale, who has bought it, and what Stripe said of it."""

from subscriptions.models.checkouts import CHECKOUT_UNDER_WAY, Checkout, CheckoutQuerySet
from subscriptions.models.customers import StripeCustomer, StripeCustomerQuerySet
from subscriptions.models.effects import Effect
from subscriptions.models.intents import Intent, IntentQuerySet
from subscriptions.models.invoices import Invoice, InvoiceQuerySet
from subscriptions.models.plans import Plan, PlanQuerySet, Price, PriceQuerySet
from subscriptions.models.subscriptions import LIVE, Subscription, SubscriptionQuerySet

__all__ = [
    "CHECKOUT_UNDER_WAY",
    "LIVE",
    "Checkout",
    "CheckoutQuerySet",
    "Effect",
    "Intent",
    "IntentQuerySet",
    "Invoice",
    "InvoiceQuerySet",
    "Plan",
    "PlanQuerySet",
    "Price",
    "PriceQuerySet",
    "StripeCustomer",
    "StripeCustomerQuerySet",
    "Subscription",
    "SubscriptionQuerySet",
]
