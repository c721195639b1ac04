"""The transport table: every operation over plain HTTP, its headers over HTTPS, and what foreign origins get."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from tests.dialects import Api
from tests.tables.cases import CASES, Table, case_id
from tests.tables.operation import Operation
from tests.tables.world import World

HOME = "https://app.coditect.ai"
FOREIGN = {
    "null": "null",
    "suffix": "https://app.coditect.ai.evil.example",
    "prefix": "https://evilapp.coditect.ai",
    "plain HTTP": "http://app.coditect.ai",
    "other port": "https://app.coditect.ai:8443",
    "local": "http://localhost:3000",
}
HEADERS = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@pytest.fixture
def browser(settings: Settings) -> Client:
    """A client of a server outside development; a new one, since the middleware reads its settings once."""
    settings.REQUIRE_HTTPS = settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.CORS_ALLOWED_ORIGINS, settings.CORS_ALLOWED_ORIGIN_REGEXES = [HOME], []
    return Client(raise_request_exception=False)


class Caller:
    """Sends one operation validly, as somebody who may."""

    def __init__(self, world: World, operation: Operation, dialect: str, browser: Client) -> None:
        self.operation, self.browser = operation, browser
        self.url = Api(dialect).url(operation.name, **operation.path_for(world, world.owner))
        self.body = operation.body_for(world, world.owner)
        self.token = world.people[operation.sender].token

    def send(self, *, secure: bool = True, method: str = "", **headers: str) -> HttpResponse:
        """The answer."""
        more: dict[str, Any] = {"data": self.body} if self.operation.is_write else {"query_params": self.body}
        if method:
            more = {}
        elif self.operation.is_write:
            more["content_type"] = "application/json"
        send = getattr(self.browser, (method or self.operation.method).lower())
        headers.setdefault("authorization", f"Bearer {self.token}")
        response: HttpResponse = send(self.url, headers=headers, secure=secure, **more)
        return response

    def ask(self, origin: str) -> HttpResponse:
        """What a browser asks before it sends the operation from an origin."""
        return self.send(
            method="OPTIONS",
            origin=origin,
            access_control_request_method=self.operation.method,
            access_control_request_headers="authorization,content-type",
        )


def allowed(response: HttpResponse) -> str | None:
    """The origin that may read the answer; never all, and never with cookies."""
    assert "access-control-allow-credentials" not in response.headers
    return response.headers.get("access-control-allow-origin")


@pytest.mark.parametrize(("operation", "dialect"), CASES, ids=case_id)
def test_transport(world: World, browser: Client, operation: Operation, dialect: str) -> None:
    table, caller = Table("transport"), Caller(world, operation, dialect, browser)
    name = f"{operation.id} {dialect}"
    with table.case(f"{name}: plain HTTP"):
        refused = caller.send(secure=False, x_forwarded_proto="https")
        assert refused.status_code == 403, refused.status_code
        assert b"https_required" in refused.content
        assert "Location" not in refused.headers
    with table.case(f"{name}: headers of an answer"):
        answer = caller.send(origin=HOME)
        assert answer.status_code in {operation.success, 204}, answer.content[:200]
        found = {header: answer.headers.get(header) for header in HEADERS}
        assert found == HEADERS, found
        assert answer.status_code == 204 or answer.headers["Content-Type"] == operation.media_type
        assert allowed(answer) == HOME
        assert not answer.cookies
        assert "Server" not in answer.headers
    with table.case(f"{name}: headers of a refusal"):
        refused = caller.send(method="TRACE")
        assert refused.status_code == 405, refused.status_code
        found = {header: refused.headers.get(header) for header in HEADERS}
        assert found == HEADERS, found
    for origin_name, origin in FOREIGN.items():
        with table.case(f"{name}: from {origin_name}"):
            assert allowed(caller.ask(origin)) is None, origin
    with table.case(f"{name}: an answer to a foreign origin"):
        assert allowed(caller.send(origin=FOREIGN["suffix"])) is None
    table.done()
