"""Browsers on other origins."""

import pytest
from pytest_django import Settings

from tests.dialects import Answer, Api

HOME = "https://app.coditect.ai"
HEADERS = "authorization,content-type,idempotency-key,x-api-key,x-organization-id"


@pytest.fixture(autouse=True)
def _one_origin(settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [HOME]


def preflight(api: Api, origin: str, method: str) -> Answer:
    """What a browser asks before it sends a request."""
    asking = api.with_headers(
        origin=origin, access_control_request_method=method, access_control_request_headers=HEADERS
    )
    return asking.send("OPTIONS", api.url("licenses"))


def words(answer: Answer, header: str) -> set[str]:
    """The words of a list header, in lower case."""
    return {word.strip().lower() for word in answer.headers[header].split(",")}


class TestPreflight:
    @pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
    def test_allows_our_methods_and_headers(self, api: Api, method: str) -> None:
        answer = preflight(api, HOME, method)
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, HOME)
        assert method.lower() in words(answer, "access-control-allow-methods")
        assert set(HEADERS.split(",")) <= words(answer, "access-control-allow-headers")

    @pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1:5173", "http://localhost"])
    def test_allows_any_local_port_in_development(self, api: Api, origin: str) -> None:
        assert preflight(api, origin, "PATCH").headers["access-control-allow-origin"] == origin

    @pytest.mark.parametrize(
        "origin",
        [
            "https://evil.example",
            "http://app.coditect.ai",
            "https://app.coditect.ai.evil.example",
            "http://localhost.evil.example",
            "http://localhost:3000.evil.example",
            "http://evil.example/http://localhost",
            "null",
        ],
    )
    def test_refuses_a_foreign_origin(self, api: Api, origin: str) -> None:
        assert "access-control-allow-origin" not in preflight(api, origin, "GET").headers

    def test_knows_no_local_port_outside_development(self, api: Api, settings: Settings) -> None:
        settings.CORS_ALLOWED_ORIGIN_REGEXES = []
        assert "access-control-allow-origin" not in preflight(api, "http://localhost:3000", "GET").headers


class TestCrossOriginAnswer:
    @pytest.mark.parametrize("name", ["health", "licenses"])
    def test_shows_our_headers_also_on_errors(self, api: Api, name: str) -> None:
        answer = api.with_headers(origin=HOME).get(name)
        assert answer.headers["access-control-allow-origin"] == HOME
        assert words(answer, "access-control-expose-headers") >= {
            "retry-after",
            "x-ratelimit-limit",
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
            "x-request-id",
        }

    def test_carries_no_cookies(self, api: Api) -> None:
        assert "access-control-allow-credentials" not in api.with_headers(origin=HOME).get("health").headers

    def test_is_not_given_by_the_console(self, flat: Api) -> None:
        answer = flat.with_headers(origin=HOME).send("GET", "/admin/login/")
        assert "access-control-allow-origin" not in answer.headers
