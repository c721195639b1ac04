"""What a person does on Stripe's pages; the pages call it, and so may tests that need no page."""

from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.resources import cards, checkout, collection, subscriptions
from coditect.local.fake_stripe.resources.cards import GOOD
from coditect.local.fake_stripe.store import Json


class Person:
    """A customer in front of a browser. Every method raises StripeProblem with what the page would say."""

    def __init__(self, fake: FakeStripe) -> None:
        self._fake = fake

    def pays(self, session_id: str, *, number: str | None = GOOD) -> Json:
        """Press Pay on a checkout page; without a number, start a trial that asks for no card."""
        with self._fake.change() as world:
            return checkout.complete(world, session_id, number=number)

    def changes_card(self, customer_id: str, *, number: str = GOOD) -> Json:
        """Enter another card in the billing portal; it pays everything from then on."""
        with self._fake.change() as world:
            card = cards.make(world, number=number)
            cards.use_from_now_on(world, card, customer=world.find("customer", customer_id))
            return card

    def cancels(self, subscription_id: str) -> Json:
        """Cancel in the billing portal: at the end of the period."""
        with self._fake.change() as world:
            return subscriptions.update(world, {"cancel_at_period_end": True}, subscription_id)

    def renews(self, subscription_id: str) -> Json:
        """Take a cancellation back in the billing portal."""
        with self._fake.change() as world:
            return subscriptions.update(world, {"cancel_at_period_end": False}, subscription_id)

    def pays_invoice(self, invoice_id: str) -> Json:
        """Press Pay on an open invoice."""
        with self._fake.change() as world:
            return collection.pay(world, {}, invoice_id)
