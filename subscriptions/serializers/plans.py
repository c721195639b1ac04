"""Plans as they are shown."""

from collections.abc import Sequence
from typing import Any

from subscriptions.models import Plan


def present_plans(plans: Sequence[Plan]) -> list[dict[str, Any]]:
    """Plans on offer, each with its prices."""
    return [_present(plan) for plan in plans]


def _present(plan: Plan) -> dict[str, Any]:
    prices = [
        {
            "price_id": price.pk,
            "interval": price.interval,
            "unit_amount": price.unit_amount,
            "currency": price.currency,
        }
        for price in plan.prices.all()
    ]
    return {
        "id": plan.pk,
        "name": plan.name,
        "tier": plan.tier,
        "description": plan.description,
        "features": plan.features,
        "min_seats": plan.min_seats,
        "max_seats": plan.max_seats,
        "prices": prices,
    }
