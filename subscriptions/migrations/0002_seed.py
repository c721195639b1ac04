"""The plans and prices to begin with; from then on they are the administrators'."""

from typing import Any

from django.db import migrations

PLANS: list[dict[str, Any]] = [
    {
        "id": "free",
        "name": "Free",
        "description": "One seat, for as long as you like.",
        "features": ["floating_seats", "offline_grace"],
        "max_seats": 1,
        "prices": {},
    },
    {
        "id": "pro",
        "name": "Pro",
        "description": "As many seats as you need, paid by the month or by the year.",
        "features": ["floating_seats", "offline_grace", "usage_reports", "webhooks"],
        "max_seats": None,
        "prices": {"price_pro_monthly": ("month", 4900), "price_pro_yearly": ("year", 47000)},
    },
    {
        "id": "team",
        "name": "Team",
        "description": "For whole teams, from 5 to 100 seats.",
        "features": ["floating_seats", "offline_grace", "usage_reports", "webhooks", "audit_log", "priority_support"],
        "min_seats": 5,
        "max_seats": 100,
        "prices": {"price_team_monthly": ("month", 5800)},
    },
    {
        "id": "enterprise",
        "name": "Enterprise",
        "description": "Terms, volume and support to your measure: contact us.",
        "features": [
            "floating_seats",
            "offline_grace",
            "usage_reports",
            "webhooks",
            "audit_log",
            "priority_support",
            "dedicated_contact",
        ],
        "max_seats": None,
        "prices": {},
    },
]


def plant(apps: Any, *_: Any) -> None:
    """Write the plans and prices that are not there."""
    plans, prices = apps.get_model("subscriptions", "Plan"), apps.get_model("subscriptions", "Price")
    for position, about in enumerate(PLANS):
        fields = {name: value for name, value in about.items() if name != "prices"}
        plan, _ = plans.objects.get_or_create(
            id=about["id"], defaults=fields | {"tier": about["id"], "position": position}
        )
        for id, (interval, amount) in about["prices"].items():
            values = {"plan": plan, "stripe_price_id": id, "interval": interval, "unit_amount": amount}
            prices.objects.get_or_create(id=id, defaults=values)


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0001_initial")]

    operations = [migrations.RunPython(plant, migrations.RunPython.noop)]
