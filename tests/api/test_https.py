"""Plain HTTP outside development."""

import pytest
from pytest_django import Settings

from tests.api.shapes import assert_problem
from tests.dialects import Api

PATHS = {"flat": ["/api/v1/health/", "/api/v1/nothing/", "/"], "enveloped": ["/v1/health", "/v1/nothing"]}


@pytest.fixture(autouse=True)
def _outside_development(settings: Settings) -> None:
    settings.REQUIRE_HTTPS = True


class TestPlainHttp:
    @pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
    def test_is_refused_and_never_redirected(self, api: Api, method: str) -> None:
        for path in PATHS[api.dialect]:
            answer = api.send(method, path)
            assert_problem(answer, 403, "https_required")
            assert "Location" not in answer.headers

    def test_is_refused_whatever_the_client_says(self, api: Api) -> None:
        answer = api.with_headers(x_forwarded_proto="https").get("health")
        assert_problem(answer, 403, "https_required")

    def test_is_told_by_a_trusted_proxy(self, api: Api, settings: Settings) -> None:
        settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        assert api.with_headers(x_forwarded_proto="https").get("health").status == 200
        assert_problem(api.with_headers(x_forwarded_proto="http").get("health"), 403, "https_required")
        assert_problem(api.get("health"), 403, "https_required")

    def test_may_ask_for_signs_of_life(self, flat: Api) -> None:
        answer = flat.send("GET", "/healthz")
        assert (answer.status, answer.content) == (200, b"ok\n")

    @pytest.mark.parametrize("path", ["/healthz/", "/healthzz", "/admin/"])
    def test_may_ask_for_nothing_else(self, flat: Api, path: str) -> None:
        assert_problem(flat.send("GET", path), 403, "https_required")
