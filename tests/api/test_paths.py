"""Paths that lead nowhere, and methods that a path does not have."""

import pytest
from django.test import Client

from tests.api.shapes import assert_problem
from tests.dialects import Api

SOME_ID = "6f9619ff-8b86-4011-b42d-00cf4fc964ff"


class TestUnknownPath:
    @pytest.mark.parametrize("method", ["GET", "POST"])
    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/api",
            "/api/v1",
            "/api/v1/",
            "/api/v1/nothing/",
            "/api/v1/health",
            "/api/v1/licenses",
            "/api/v1/auth/login/",
            "/api/v1/auth/token",
            "/api/v1//health/",
            f"/api/v1/licenses/{SOME_ID}",
            "/api/v1/licenses/not-an-id/",
            "/v2/health",
            "/v1x/health",
            "/admin",
        ],
    )
    def test_is_a_404_in_flat(self, flat: Api, method: str, path: str) -> None:
        answer = flat.send(method, path)
        assert_problem(answer, 404, "not_found")
        assert "Location" not in answer.headers

    @pytest.mark.parametrize("method", ["GET", "POST"])
    @pytest.mark.parametrize(
        "path",
        [
            "/v1",
            "/v1/",
            "/v1/nothing",
            "/v1/health/",
            "/v1/licenses/",
            "/v1/auth/token",
            "/v1/auth/login/",
            "/v1//health",
            f"/v1/licenses/{SOME_ID}/",
            "/v1/licenses/not-an-id",
            "/v1/%00",
            "/v1/%ff",
        ],
    )
    def test_is_a_404_in_enveloped(self, enveloped: Api, method: str, path: str) -> None:
        answer = enveloped.send(method, path)
        assert_problem(answer, 404, "not_found")
        assert "Location" not in answer.headers

    def test_is_a_page_in_the_console(self, admin_client: Client) -> None:
        response = admin_client.get("/admin/nothing/")
        assert (response.status_code, response.headers["Content-Type"]) == (404, "text/html; charset=utf-8")


class TestUnknownHost:
    @pytest.mark.parametrize("path", ["/api/v1/health/", "/api/v1/nothing/", "/"])
    def test_is_a_400_in_flat(self, flat: Api, path: str) -> None:
        assert_problem(flat.with_headers(host="evil.example").send("GET", path), 400, "invalid_request")

    @pytest.mark.parametrize("path", ["/v1/health", "/v1/nothing"])
    def test_is_a_400_in_enveloped(self, enveloped: Api, path: str) -> None:
        assert_problem(enveloped.with_headers(host="evil.example").send("GET", path), 400, "invalid_request")


METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"]
OFFERED = {
    "health": {"GET", "HEAD"},
    "ready": {"GET", "HEAD"},
    "licenses": {"GET", "HEAD"},
    "validate": {"POST"},
    "acquire": {"POST"},
    "heartbeat-by-body": {"POST"},
    "release": {"POST"},
    "register": {"POST"},
    "log-in": {"POST"},
    "refresh": {"POST"},
}


class TestMethod:
    @pytest.mark.parametrize("name", OFFERED)
    def test_is_a_405_with_allow_where_it_is_not_offered(self, api: Api, name: str) -> None:
        for method in set(METHODS) - OFFERED[name]:
            answer = api.send(method, api.url(name))
            assert_problem(answer, 405, "method_not_allowed")
            assert set(answer.headers["Allow"].split(", ")) == OFFERED[name]

    @pytest.mark.parametrize(
        ("name", "method", "allowed"),
        [("session", "PATCH", {"GET", "HEAD", "DELETE"}), ("heartbeat", "POST", {"PATCH"})],
    )
    def test_is_a_405_on_a_session_too(self, api: Api, name: str, method: str, allowed: set[str]) -> None:
        answer = api.send(method, api.url(name, session_id=SOME_ID))
        assert_problem(answer, 405, "method_not_allowed")
        assert set(answer.headers["Allow"].split(", ")) == allowed

    def test_may_be_head(self, api: Api) -> None:
        answer = api.send("HEAD", api.url("health"))
        assert (answer.status, answer.content) == (200, b"")
        assert "X-Request-ID" in answer.headers
