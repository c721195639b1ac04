"""Paths of plans and subscriptions."""

from coditect.api.routers import Router
from subscriptions.views import changes, plans, subscriptions


def register(router: Router) -> None:
    """Add this app's endpoints."""
    router.add("subscriptions", subscriptions.SubscriptionsView, name="subscriptions")
    router.add("subscriptions/plans", plans.PlansView, name="plans")
    router.add("subscriptions/current", plans.CurrentView, name="current-subscription")
    router.add("subscriptions/checkout", subscriptions.CheckoutView, name="checkout")
    router.add("subscriptions/update", changes.UpdateView, name="update-subscription")
    router.add("subscriptions/change-plan", changes.ChangePlanView, name="change-plan")
    router.add("subscriptions/cancel", changes.CancelView, name="cancel-current-subscription")
    router.add("subscriptions/resume", changes.ResumeView, name="resume-subscription")
    router.add("subscriptions/portal", subscriptions.PortalView, name="billing-portal")
    router.add("subscriptions/invoices", subscriptions.InvoicesView, name="invoices")
    router.add("subscriptions/<uuid:subscription_id>", subscriptions.SubscriptionView, name="subscription")
    router.add("subscriptions/<uuid:subscription_id>/cancel", changes.CancelByIdView, name="cancel-subscription")
