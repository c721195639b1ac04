"""Subscriptions, checkouts, invoices and intents in the console, to look at: only Stripe's word changes them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from subscriptions.models import Checkout, Intent, Invoice, Subscription


class ToLookAt(ModelAdmin):
    """Nothing is added, changed or deleted here."""

    list_select_related = ["organization"]
    ordering = ["-created_at"]
    show_full_result_count = False

    def has_add_permission(self, *_: Any, **__: Any) -> bool:
        """They come from Stripe, or from a customer."""
        return False

    def has_change_permission(self, *_: Any, **__: Any) -> bool:
        """To look at."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Their record stays."""
        return False


@admin.register(Subscription)
class SubscriptionAdmin(ToLookAt):
    """Who has bought what."""

    list_display = [
        "organization",
        "price",
        "seats",
        "status",
        "current_period_end",
        "cancel_at_period_end",
        "past_due_at",
        "is_surplus",
        "synced_at",
    ]
    list_select_related = ["organization", "price"]
    list_filter = ["status", "is_surplus", "price", "cancel_at_period_end"]
    search_fields = ["organization__name", "=id", "=stripe_subscription_id", "license__key_string"]
    search_help_text = "An organization's name, a license's key, or an id, Stripe's or ours."


@admin.register(Checkout)
class CheckoutAdmin(ToLookAt):
    """Who was about to buy what. Its page's address is for who pays, and not shown."""

    list_display = ["organization", "price", "seats", "status", "created_at", "expires_at", "completed_at"]
    list_select_related = ["organization", "price"]
    list_filter = ["status", "price"]
    search_fields = ["organization__name", "=id", "=stripe_session_id"]
    exclude = ["url"]


@admin.register(Invoice)
class InvoiceAdmin(ToLookAt):
    """Bills. The addresses of their pages are for who pays them, and not shown."""

    list_display = ["number", "organization", "status", "total", "amount_paid", "currency", "created_at", "paid_at"]
    list_filter = ["status", "reason"]
    search_fields = ["organization__name", "=number", "=stripe_invoice_id"]
    exclude = ["hosted_url", "pdf_url"]


@admin.register(Intent)
class IntentAdmin(ToLookAt):
    """What was asked of Stripe, and what became of it; a pending one awaits another try of who wanted it."""

    list_display = ["kind", "organization", "status", "stripe_id", "created_at", "finished_at"]
    list_filter = ["status", "kind"]
    search_fields = ["organization__name", "=id", "=stripe_id"]
