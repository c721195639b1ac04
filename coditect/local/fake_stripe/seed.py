"""What a new account of ours holds: the plans' prices under the ids that the product's own seed names."""

from coditect.local.fake_stripe.resources import catalog
from coditect.local.fake_stripe.world import World

_PRODUCTS = {"prod_pro": "CODITECT Pro", "prod_team": "CODITECT Team"}
_PRICES = {
    "price_pro_monthly": ("prod_pro", 4900, "month"),
    "price_pro_yearly": ("prod_pro", 47000, "year"),
    "price_team_monthly": ("prod_team", 5800, "month"),
}


def plant(world: World) -> None:
    """Make products and prices that are not there yet."""
    for id, name in _PRODUCTS.items():
        if world.store.get(id) is None:
            catalog.create_product(world, {"id": id, "name": name})
    for id, (product, amount, interval) in _PRICES.items():
        if world.store.get(id) is None:
            given = {"product": product, "currency": "usd", "unit_amount": amount, "recurring": {"interval": interval}}
            catalog.create_price(world, given | {"lookup_key": id}, id=id)
