"""What happens to what is paid for."""

from coditect.local.fake_stripe.person import Person as Buyer
from subscriptions.models import StripeCustomer
from subscriptions.services import write_checkouts, write_invoices, write_subscriptions
from subscriptions.services.cancel import cancel_subscription
from subscriptions.services.change import change_seat_count
from subscriptions.services.sync import Hint, synchronize
from tests.public_events.scene import Scene, case
from tests.subscriptions.buying import buy, check_out_by, learn

SUBSCRIPTIONS = f"{write_subscriptions.__name__}.write_subscriptions"
CHECKOUTS = f"{write_checkouts.__name__}.write_checkout"
INVOICES = f"{write_invoices.__name__}.write_invoices"


@case("subscription.created", SUBSCRIPTIONS)
@case("checkout.completed", CHECKOUTS)
@case("invoice.paid", INVOICES)
def _buy(scene: Scene) -> None:
    buy(scene.fake, scene.owner)


@case("checkout.expired", CHECKOUTS)
def _give_up(scene: Scene) -> None:
    check_out_by(scene.owner)
    scene.fake.advance(days=2)
    customer = StripeCustomer.objects.for_organization(scene.owner.organization).get()
    synchronize(customer_id=customer.stripe_customer_id, now=scene.now)


@case("subscription.updated", SUBSCRIPTIONS)
def _buy_more(scene: Scene) -> None:
    _buy(scene)
    change_seat_count(organization=scene.owner.organization, seats=7, now=scene.now)


def _fail_to_pay(scene: Scene) -> str:
    """The next renewal fails; the invoice."""
    _buy(scene)
    scene.fake.switch("card_declined")
    scene.fake.advance(days=32)
    (invoice,) = scene.fake.objects("invoice", status="open")
    return str(invoice["id"])


def _pay(scene: Scene, invoice: str) -> None:
    scene.fake.switch("card_declined", times=0)
    Buyer(scene.fake).pays_invoice(invoice)


@case("subscription.past_due", SUBSCRIPTIONS)
@case("invoice.payment_failed", INVOICES)
def _fall_behind(scene: Scene) -> None:
    _fail_to_pay(scene)
    learn(scene.owner)


@case("subscription.resumed", SUBSCRIPTIONS)
def _catch_up(scene: Scene) -> None:
    invoice = _fail_to_pay(scene)
    learn(scene.owner)
    _pay(scene, invoice)
    learn(scene.owner)


@case("invoice.payment_failed", f"{write_invoices.__name__}.note_failed_payment")
def _hear_of_a_failure_too_late(scene: Scene) -> None:
    invoice = _fail_to_pay(scene)
    _pay(scene, invoice)
    customer = StripeCustomer.objects.for_organization(scene.owner.organization).get()
    hint = Hint(type="invoice.payment_failed", at=scene.now, object_id=invoice, facts={"attempt_count": 1})
    synchronize(customer_id=customer.stripe_customer_id, hint=hint, now=scene.now)


@case("subscription.canceled", SUBSCRIPTIONS)
def _cancel(scene: Scene) -> None:
    _buy(scene)
    cancel_subscription(organization=scene.owner.organization, immediately=True, now=scene.now)
