"""Stripe as it was after each step of a history: the answers are recorded once, and replayed as often as need be."""

from collections.abc import Callable, Mapping
from typing import Any

import stripe

from coditect.local.fake_stripe.fake import FakeStripe
from tests.fake_stripe.client import InProcessClient

Answer = tuple[str, int, Mapping[str, str]]


class Recorded(stripe.HTTPClient):
    """Answers reading requests as of `step`; what was not asked then cannot be asked now."""

    name = "recorded"

    def __init__(self, fake: FakeStripe) -> None:
        super().__init__()
        self._live = InProcessClient(fake)
        self._answers: dict[tuple[int, str], Answer] = {}
        self.step = 0
        self.is_live = True

    def record(self, ask: Callable[[], object]) -> None:
        """Ask, and keep the answers of this step; the next one begins."""
        ask()
        self.step += 1

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> Answer:
        if not self.is_live:
            return self._answers[self.step, url]
        answer = self._live.request(method, url, headers, post_data)
        if method.lower() == "get":
            self._answers[self.step, url] = answer
        return answer

    def close(self) -> None:
        """Nothing is open."""
