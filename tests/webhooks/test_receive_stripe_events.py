"""POST webhooks/stripe."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import stripe
from pytest_django import Settings

from coditect import redis
from coditect.api import throttling
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.webhooks.signed import OTHER_SECRET, SECRET, body_of, signature
from webhooks.models import StripeEvent
from webhooks.services.inbox import HEARD

BODY = body_of()
REFUSED_HERE = throttling.Limit("stripe_refused", "ip:127.0.0.1", 60)
THIN = json.dumps(
    {"id": "evt_1", "object": "v2.core.event", "type": "v1.billing.meter.error", "created": "now"}
).encode()


def now() -> int:
    """Seconds."""
    return int(time.time())


def digest(body: bytes = BODY, **about: Any) -> str:
    """The signature alone."""
    return signature(body, **about).partition("v1=")[2]


FORGED: dict[str, Callable[[], tuple[bytes, str | None]]] = {
    "none": lambda: (BODY, None),
    "empty": lambda: (BODY, ""),
    "only v0": lambda: (BODY, signature(BODY, scheme="v0")),
    "only v2": lambda: (BODY, signature(BODY, scheme="v2")),
    "too old": lambda: (BODY, signature(BODY, at=-305)),
    "from the future": lambda: (BODY, signature(BODY, at=305)),
    "two times": lambda: (BODY, f"t={now()},{signature(BODY)}"),
    "the right time second": lambda: (BODY, f"t=1,{signature(BODY)}"),
    "no time": lambda: (BODY, f"v1={digest()}"),
    "an empty time": lambda: (BODY, f"t=,v1={digest()}"),
    "a time in words": lambda: (BODY, f"t=now,v1={digest()}"),
    "a negative time": lambda: (BODY, f"t=-{now()},v1={digest()}"),
    "a time in other digits": lambda: (BODY, signature(BODY).replace("1", "\u0661", 1).encode().decode("latin-1")),
    "a time without end": lambda: (BODY, f"t={'9' * 400},v1={digest()}"),
    "another time than signed": lambda: (BODY, f"t={now() - 1},v1={digest()}"),
    "another secret": lambda: (BODY, signature(BODY, secret="whsec_theirs")),
    "no secret": lambda: (BODY, signature(BODY, secret="")),
    "an altered byte": lambda: (BODY.replace(b"sub_1", b"sub_2"), signature(BODY)),
    "a byte more": lambda: (BODY + b"\n", signature(BODY)),
    "written anew": lambda: (json.dumps(json.loads(BODY)).encode(), signature(BODY)),
    "an empty signature": lambda: (BODY, f"t={now()},v1="),
    "half a signature": lambda: (BODY, signature(BODY)[:-32]),
    "not ASCII": lambda: (BODY, f"t={now()},v1=\u00fc{digest()}"),
    "a header of many": lambda: (BODY, f"t={now()}" + ",v1=0" * 1000),
}
UNREADABLE = {
    "not UTF-8": b'{"id": "evt_1", "object": "event", "type": "invoice.paid\xff"}',
    "empty": b"",
    "not JSON": b"{",
    "a list": b"[]",
    "thin": THIN,
    "no id": body_of(id=None),
    "the id of something else": body_of(id="sub_1"),
    "an id that is too long": body_of(id="evt_" + "x" * 255),
    "no type": body_of(type=None),
    "no time": body_of(created=None),
    "a time beyond time": body_of(created=10**18),
    "no object": body_of(data={}),
    "a NUL": body_of(type="a\0b"),
    "a name twice": b'{"id": "evt_1", ' + BODY[1:],
}


@pytest.fixture(autouse=True)
def _connected(settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET, OTHER_SECRET]


def send(api: Api, body: bytes = BODY, header: str | None = None) -> Answer:
    """Send a body, signed unless a header is given."""
    header = signature(body) if header is None else header
    return api.with_headers(stripe_signature=header).send("POST", api.url("stripe-events"), raw=body)


class TestReceiveStripeEvents:
    def test_stores_an_event_and_answers(self, api: Api) -> None:
        answer = send(api)
        assert (answer.status, answer.data["received"]) == (200, True)
        event = StripeEvent.objects.get()
        about = (event.pk, event.type, event.customer_id, event.object_id, event.facts, event.status, event.attempts)
        kept = ("evt_1", "customer.subscription.updated", "cus_1", "sub_1", {"status": "active"}, "pending", 0)
        assert about == kept
        assert event.occurred_at.timestamp() == 1767225600

    def test_stores_it_once(self, api: Api) -> None:
        assert [send(api).status for _ in range(3)] == [200] * 3
        assert StripeEvent.objects.count() == 1

    def test_leaves_one_alone_that_was_handled(self, api: Api) -> None:
        send(api)
        StripeEvent.objects.update(status="done")
        send(api)
        assert StripeEvent.objects.get().status == "done"

    @pytest.mark.parametrize("type_", sorted(HEARD))
    def test_hears(self, api: Api, type_: str) -> None:
        assert send(api, body_of(type_)).status == 200
        assert StripeEvent.objects.get().type == type_

    @pytest.mark.parametrize("type_", ["customer.created", "invoice.finalized", "x", "v1.billing"])
    def test_answers_and_forgets_what_it_does_not_know(self, api: Api, type_: str) -> None:
        assert send(api, body_of(type_)).status == 200
        assert not StripeEvent.objects.exists()

    @pytest.mark.parametrize("name", FORGED)
    def test_refuses_a_signature(self, api: Api, name: str) -> None:
        body, header = FORGED[name]()
        sender = api if header is None else api.with_headers(stripe_signature=header)
        answer = sender.send("POST", api.url("stripe-events"), raw=body)
        assert_problem(answer, 400, "signature_invalid")
        assert not StripeEvent.objects.exists()

    @pytest.mark.parametrize("name", UNREADABLE)
    def test_refuses_a_body_that_is(self, api: Api, name: str) -> None:
        assert send(api, UNREADABLE[name]).status == 400
        assert not StripeEvent.objects.exists()

    @pytest.mark.parametrize("secret", [SECRET, OTHER_SECRET])
    def test_takes_either_secret_while_one_is_rolled(self, api: Api, secret: str) -> None:
        assert send(api, header=signature(BODY, secret=secret)).status == 200

    def test_takes_one_of_two_signatures(self, api: Api) -> None:
        theirs = digest(secret="whsec_theirs")
        assert send(api, header=f"{signature(BODY)},v1={theirs},v0={theirs}").status == 200

    @pytest.mark.parametrize("seconds", [-295, 295])
    def test_takes_a_clock_that_is_a_little_wrong(self, api: Api, seconds: int) -> None:
        assert send(api, header=signature(BODY, at=seconds)).status == 200

    def test_takes_what_the_package_of_stripe_signs(self, api: Api) -> None:
        header = stripe.WebhookSignature.generate_signature_header(BODY.decode(), SECRET)
        assert send(api, header=header).status == 200

    def test_has_no_limit(self, api: Api) -> None:
        answers = [send(api, body_of(id=f"evt_{number}")) for number in range(120)]
        assert {answer.status for answer in answers} == {200}

    def test_limits_an_address_that_guesses_at_signatures_and_nobody_who_signs(self, api: Api) -> None:
        redis.client.set(REFUSED_HERE.key, REFUSED_HERE.requests - 1, px=throttling.WINDOW_MS)
        forged = signature(BODY, secret="whsec_theirs")
        assert_problem(send(api, header=forged), 400, "signature_invalid")
        refused = send(api, header=forged)
        assert (refused.status, refused.headers["X-RateLimit-Limit"]) == (429, "60")
        assert int(refused.headers["Retry-After"]) > 0
        assert send(api).status == 200

    def test_is_not_there_without_a_secret(self, api: Api, settings: Settings) -> None:
        settings.STRIPE_WEBHOOK_SECRETS = []
        assert_problem(send(api), 404, "not_found")

    def test_ignores_who_is_signed_in(self, api: Api) -> None:
        assert send(api.as_bearer("nonsense")).status == 200

    def test_keeps_no_names_and_addresses(self, api: Api) -> None:
        about = {"id": "in_1", "object": "invoice", "customer": {"id": "cus_1"}, "customer_email": "jo@example.com"}
        send(api, body_of("invoice.paid", data={"object": about | {"attempt_count": 2, "number": None}}))
        event = StripeEvent.objects.get()
        assert (event.customer_id, event.object_id, event.facts) == ("cus_1", "in_1", {"attempt_count": 2})
