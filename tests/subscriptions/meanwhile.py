"""Lets something happen on another connection while Stripe is being asked."""

from collections.abc import Callable, Mapping
from threading import Thread
from typing import Any

from django.db import connection

from coditect.local.fake_stripe.fake import FakeStripe
from tests.fake_stripe.client import InProcessClient


class Meanwhile(InProcessClient):
    """Before the first writing request to a path goes on, `act` happens in a thread of its own."""

    def __init__(self, fake: FakeStripe, path: str, act: Callable[[], Any]) -> None:
        super().__init__(fake)
        self._path, self._act = path, act
        self.results: list[Any] = []
        self._has_begun = False

    def request(self, method: str, url: str, *args: Any, **options: Any) -> tuple[str, int, Mapping[str, str]]:
        if method == "post" and url.endswith(self._path) and not self._has_begun:
            self._has_begun = True
            thread = Thread(target=self._run)
            thread.start()
            thread.join()
        return super().request(method, url, *args, **options)

    def _run(self) -> None:
        try:
            self.results.append(self._act())
        finally:
            connection.close()
