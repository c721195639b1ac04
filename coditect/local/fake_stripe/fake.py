"""The fake Stripe itself: takes requests, one at a time, each whole or not at all."""

import copy
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from threading import RLock
from urllib.parse import unquote, urlsplit

from coditect.local.fake_stripe import access, deliveries, due, expansion, faults, parameters, problems, routes, seed
from coditect.local.fake_stripe.deliveries import Delivery, Sender
from coditect.local.fake_stripe.fidelity import complaints
from coditect.local.fake_stripe.forms import parse_form
from coditect.local.fake_stripe.problems import StripeProblem
from coditect.local.fake_stripe.resources import endpoints
from coditect.local.fake_stripe.store import Json, Store
from coditect.local.fake_stripe.world import Request, World, new_id, visible

KEEP_ANSWERS_SECONDS = 86400
OURS = "coditect"


@dataclass(frozen=True)
class Answer:
    """An HTTP answer. `is_lost`: the work is done but the connection breaks; `is_late`: it would never come."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)
    is_lost: bool = False
    is_late: bool = False


class FakeStripe:
    """One account in test mode, kept in a file or, without one, in memory.

    Raises ForbiddenHere outside development and for a live key.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        key: str = "sk_test_fake",
        url: str = "http://127.0.0.1",
        clock: Callable[[], float] = time.time,
    ) -> None:
        access.check(key)
        self.key = key
        self.lock = RLock()
        self.store = Store(path, due_of=due.due_of)
        self._read: dict[str, tuple[tuple[int, int], Answer]] = {}
        self.world = World(self.store, clock=clock)
        self.world.url = url
        with self.store.transaction():
            seed.plant(self.world)

    def listen(self, url: str, *, secret: str, events: list[str] | None = None) -> None:
        """Deliver events to our endpoint, signed with this secret. What still waits for it goes to its new address."""
        with self.lock, self.store.transaction():
            wanted: Json = {"url": url, "enabled_events": events or ["*"]}
            known = self.store.select("webhook_endpoint", description=OURS)
            if known:
                self.world.change(known[0], **wanted, _secrets=[secret])
            else:
                endpoints.create(self.world, {**wanted, "description": OURS}, secret=secret)

    def handle(self, method: str, url: str, headers: Mapping[str, str], body: str = "") -> Answer:
        """Answer an API request as Stripe would, or as a fault wants it."""
        with self.lock:
            request = Request(new_id("req"), headers.get("idempotency-key") if method == "POST" else None)
            try:
                access.authenticate(headers, key=self.key)
                answer = self._faulty(method, url, body, request) or self._answer(method, url, body, request)
            except StripeProblem as problem:
                answer = _refusal(problem)
            return self._finish(answer, method, url, request)

    def _finish(self, answer: Answer, method: str, url: str, request: Request) -> Answer:
        is_lost = method != "GET" and faults.takes(self.store, "answer_lost", about=f"{method} {urlsplit(url).path}")
        headers = {"Content-Type": "application/json", "Request-Id": str(request.id), **answer.headers}
        if request.idempotency_key:
            headers["Idempotency-Key"] = request.idempotency_key
        return Answer(answer.status, answer.body, headers, is_lost=is_lost, is_late=answer.is_late)

    def _faulty(self, method: str, url: str, body: str, request: Request) -> Answer | None:
        about = f"{method} {urlsplit(url).path}"
        if faults.takes(self.store, "time_out", about=about):
            return Answer(0, "", is_late=True)
        if faults.takes(self.store, "error_500", about=about):
            return _refusal(StripeProblem("An unknown error occurred", status=500, type="api_error"))
        if faults.takes(self.store, "error_500_kept", about=about):
            answer = _refusal(StripeProblem("An unknown error occurred", status=500, type="api_error"))
            self._remember(request, answer, fingerprint=_fingerprint(method, url, body))
            return answer
        if faults.takes(self.store, "rate_limited", about=about):
            words = "Request rate limit exceeded. You can learn more about rate limits here https://stripe.com/docs/rate-limits."
            return _refusal(StripeProblem(words, status=429, code="rate_limit"))
        return None

    def _answer(self, method: str, url: str, body: str, request: Request) -> Answer:
        """Whoever reads what has not changed since gets the same; nothing here changes by being read."""
        if method != "GET":
            return self._carry_out(method, url, body, request)
        version = self.store.version
        known_version, answer = self._read.get(url, (None, None))
        if answer is None or known_version != version:
            answer = self._carry_out(method, url, body, request)
            self._read[url] = self.store.version, answer
        return answer

    def _carry_out(self, method: str, url: str, body: str, request: Request) -> Answer:
        fingerprint = _fingerprint(method, url, body)
        with self.store.transaction():
            if stored := self._stored(request, fingerprint=fingerprint):
                return stored
            try:
                with self.store.transaction():
                    answer = self._attempt(method, url, body, request)
            except problems.InvalidParameters:
                raise
            except StripeProblem as problem:
                answer = _refusal(problem)
            self._remember(request, answer, fingerprint=fingerprint)
        return answer

    def _attempt(self, method: str, url: str, body: str, request: Request) -> Answer:
        try:
            return Answer(HTTPStatus.OK, self._do(method, url, body, request))
        except StripeProblem as problem:
            if not problem.keeps_effects:
                raise
            return _refusal(problem)

    def _do(self, method: str, url: str, body: str, request: Request) -> str:
        parts = urlsplit(url)
        route, ids = routes.find(method, unquote(parts.path))
        params = parameters.read(route.params, parse_form(parts.query if method != "POST" else body))
        routes.check_known(route, params)
        self.world.request = request
        try:
            answer = route.handler(self.world, params, *ids)
        finally:
            self.world.request = Request()
        answer = _clean(answer)
        paths = params.get("expand", [])
        expansion.expand(self.world, answer, paths)
        if wrong := _complaints_about(answer):
            raise StripeProblem(f"The fake Stripe answers wrongly: {' '.join(wrong)}", status=500, type="api_error")
        return json.dumps(answer)

    def _stored(self, request: Request, *, fingerprint: str) -> Answer | None:
        row = self.store.connection.execute(
            "SELECT fingerprint, status, body FROM answer WHERE key = ? AND created > ?",
            [request.idempotency_key, self.world.real_now() - KEEP_ANSWERS_SECONDS],
        ).fetchone()
        if row is None:
            return None
        if row[0] != fingerprint:
            raise problems.InvalidParameters(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. Try "
                f"using a key other than '{request.idempotency_key}' if you meant to execute a different request.",
                type="idempotency_error",
            )
        return Answer(row[1], row[2], {"Idempotent-Replayed": "true"})

    def _remember(self, request: Request, answer: Answer, *, fingerprint: str) -> None:
        if request.idempotency_key:
            self.store.connection.execute(
                "INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?)",
                [request.idempotency_key, fingerprint, answer.status, answer.body, self.world.real_now()],
            )

    @contextmanager
    def change(self) -> Iterator[World]:
        """The world, for what happens without a request. An exception undoes it, unless it keeps its effects."""
        kept: StripeProblem | None = None
        with self.lock, self.store.transaction():
            try:
                yield self.world
            except StripeProblem as problem:
                if not problem.keeps_effects:
                    raise
                kept = problem
        if kept is not None:
            raise kept

    def switch(self, fault: str, *, times: int = faults.ALWAYS, only: str = "") -> None:
        """Let a fault happen so many times, to what contains `only`; 0 ends it. See faults.py for their names."""
        with self.lock, self.store.transaction():
            faults.switch(self.store, fault, times=times, only=only)

    def advance(self, *, days: float = 0, seconds: float = 0) -> int:
        """Move the account's time forward; return how many things happened by it."""
        with self.lock, self.store.transaction():
            offset = self.store.setting("offset", 0) + days * due.DAY + seconds
            self.store.set("offset", offset)
            return self.tick()

    def tick(self) -> int:
        """Let happen what time alone has made due."""
        with self.lock, self.store.transaction():
            return due.run(self.world, clock=None, until=self.world.now())

    def take_deliveries(self) -> list[Delivery]:
        """The signed requests that endpoints should get now; tell of each what came of it with `note`."""
        with self.lock, self.store.transaction():
            return deliveries.take_due(self.store, now=self.world.real_now())

    def note(self, delivery: Delivery, *, status: int | None) -> None:
        """Note an endpoint's HTTP status; None when it did not answer."""
        with self.lock, self.store.transaction():
            deliveries.note_result(self.store, delivery, status=status, now=self.world.real_now())

    def deliver(self, send: Sender) -> int:
        """Send what is due through `send`; return how many requests there were."""
        taken = self.take_deliveries()
        for delivery in taken:
            try:
                status: int | None = send(delivery)
            except OSError:
                status = None
            self.note(delivery, status=status)
        return len(taken)

    def objects(self, kind: str, **equals: object) -> list[Json]:
        """All objects of a kind, oldest first, as tests want to see them."""
        with self.lock:
            return [visible(body) for body in self.store.select(kind, **equals)]

    def close(self) -> None:
        self.store.close()


def _fingerprint(method: str, url: str, body: str) -> str:
    return hashlib.sha256(f"{method} {url}\n{body}".encode()).hexdigest()


def _refusal(problem: StripeProblem) -> Answer:
    return Answer(problem.status, json.dumps(problem.body()))


def _complaints_about(answer: Json) -> list[str]:
    """Of a list, each object by itself: most of them were judged before, as they were answered before."""
    page = {**answer, "data": []} if answer.get("object") == "list" else answer
    items = answer["data"] if page is not answer else []
    return [*complaints(page), *(complaint for item in items for complaint in _judged(json.dumps(item)))]


@lru_cache(maxsize=1024)
def _judged(text: str) -> tuple[str, ...]:
    return tuple(complaints(json.loads(text)))


def _clean(answer: Json) -> Json:
    if answer.get("object") == "list":
        return {**answer, "data": [visible(item) for item in answer["data"]]}
    return copy.deepcopy(visible(answer))
