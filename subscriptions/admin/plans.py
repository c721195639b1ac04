"""Plans and prices in the console: what is for sale is data."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from subscriptions.models import Plan, Price
from subscriptions.services.catalog import keep_plan, keep_price

# Whoever has bought at a price has it: what it says of Stripe's, and costs, is said once.
OF_A_PRICE = ["id", "plan", "stripe_price_id", "interval", "unit_amount", "currency"]


class ForSale(ModelAdmin):
    """What is on offer can be taken off it, and never deleted: somebody may have it."""

    def has_delete_permission(self, *_: Any, **__: Any) -> bool:
        """It is taken off the offer instead."""
        return False


@admin.register(Plan)
class PlanAdmin(ForSale):
    """Plans."""

    list_display = ["name", "id", "tier", "min_seats", "max_seats", "is_offered", "position"]
    list_filter = ["is_offered"]
    search_fields = ["id", "name", "tier"]
    ordering = ["position", "id"]
    fields = ["id", "name", "tier", "description", "features", "min_seats", "max_seats", "position", "is_offered"]

    def get_readonly_fields(self, request: HttpRequest, obj: Plan | None = None) -> list[str]:
        """Its id stays: subscriptions and clients name it."""
        return ["id"] if obj else []

    def save_model(self, request: HttpRequest, obj: Plan, form: forms.ModelForm, change: bool) -> None:
        """Keep it, by the service."""
        keep_plan(obj, changed=form.changed_data, now=timezone.now())


@admin.register(Price)
class PriceAdmin(ForSale):
    """Prices; another amount is another price, here as at Stripe."""

    list_display = ["id", "plan", "interval", "unit_amount", "currency", "trial_days", "is_offered"]
    list_filter = ["is_offered", "interval", "plan"]
    search_fields = ["id", "=stripe_price_id", "plan__name"]
    ordering = ["plan", "interval", "id"]
    list_select_related = ["plan"]
    fields = [*OF_A_PRICE, "trial_days", "is_offered"]

    def get_readonly_fields(self, request: HttpRequest, obj: Price | None = None) -> list[str]:
        """What was sold for it stays what it was; only the link to Stripe can be mended while nobody has it."""
        if obj is None:
            return []
        is_sold = obj.subscriptions.exists()
        return [name for name in OF_A_PRICE if is_sold or name != "stripe_price_id"]

    def save_model(self, request: HttpRequest, obj: Price, form: forms.ModelForm, change: bool) -> None:
        """Keep it, by the service."""
        keep_price(obj, changed=form.changed_data, now=timezone.now())
