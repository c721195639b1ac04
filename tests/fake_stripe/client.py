"""Lets the stripe package talk to a fake Stripe in the same process, without a network."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import stripe

from coditect.local.fake_stripe.fake import FakeStripe


class InProcessClient(stripe.HTTPClient):
    """Give it to `StripeClient(fake.key, http_client=…)`. Lost answers and time-outs become connection errors."""

    name = "in-process"

    def __init__(self, fake: FakeStripe) -> None:
        super().__init__()
        self._fake = fake

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        lowered = {name.lower(): value for name, value in (headers or {}).items()}
        answer = self._fake.handle(method.upper(), path, lowered, post_data or "")
        if answer.is_lost or answer.is_late:
            what = "timed out" if answer.is_late else "broke before the answer"
            raise _connection_error(f"The connection to the fake Stripe {what}.")
        return answer.body, answer.status, {name.lower(): value for name, value in answer.headers.items()}

    def close(self) -> None:
        """Nothing is open."""


def _connection_error(message: str) -> Exception:
    # The package leaves this constructor untyped.
    make: Callable[..., Exception] = stripe.APIConnectionError
    return make(message, should_retry=True)
