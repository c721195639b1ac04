"""What bodies a request may have, and in which type."""

import pytest
from django.test import Client

from licenses.models import License
from tests.api.shapes import assert_problem
from tests.dialects import Answer, Api
from tests.factories import Person

BODY = b'{"key_string": "PROD-2025-ABCD-1234"}'
FOREIGN = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", ""]
WITHOUT_BODY = [None, "application/json", "text/plain", "application/x-www-form-urlencoded", "nonsense"]


@pytest.fixture
def seat(owner: Person, license: License) -> str:
    """The id of a seat session of the owner."""
    body = {"license_key": license.key_string, "hardware_id": "machine-1"}
    return str(Api("flat", owner.token).post("acquire", body).data["session_id"])


def send_empty(api: Api, method: str, url: str, content_type: str | None) -> Answer:
    """Send no body; the test client drops its own content type then, so it goes in as a header."""
    return (api.with_headers(content_type=content_type) if content_type else api).send(method, url)


class TestContentType:
    @pytest.mark.parametrize(
        "content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"]
    )
    def test_may_be_json(self, api: Api, content_type: str) -> None:
        answer = api.send("POST", api.url("validate"), raw=BODY, content_type=content_type)
        assert (answer.status, answer.data["valid"]) == (200, False)

    @pytest.mark.parametrize("content_type", FOREIGN)
    @pytest.mark.parametrize("name", ["validate", "log-in"])
    def test_may_not_be_another(self, api: Api, name: str, content_type: str) -> None:
        answer = api.send("POST", api.url(name), raw=BODY, content_type=content_type)
        assert_problem(answer, 415, "unsupported_media_type")

    @pytest.mark.parametrize("method", ["DELETE", "GET"])
    def test_may_not_be_another_even_where_no_body_is_read(
        self, api: Api, owner: Person, seat: str, method: str
    ) -> None:
        url = api.url("session", session_id=seat)
        answer = api.as_bearer(owner.token).send(method, url, raw=b"hello", content_type="text/plain")
        assert_problem(answer, 415, "unsupported_media_type")


class TestNoBody:
    @pytest.mark.parametrize("content_type", WITHOUT_BODY)
    def test_suits_a_patch(self, api: Api, owner: Person, seat: str, content_type: str | None) -> None:
        url = api.url("heartbeat", session_id=seat)
        answer = send_empty(api.as_bearer(owner.token), "PATCH", url, content_type)
        assert (answer.status, answer.data["session_id"]) == (200, seat)

    @pytest.mark.parametrize("content_type", WITHOUT_BODY)
    def test_suits_a_delete(self, api: Api, owner: Person, seat: str, content_type: str | None) -> None:
        url = api.url("session", session_id=seat)
        answer = send_empty(api.as_bearer(owner.token), "DELETE", url, content_type)
        assert answer.status == (200 if api.dialect == "flat" else 204)

    @pytest.mark.parametrize("content_type", WITHOUT_BODY)
    @pytest.mark.parametrize(("name", "missing"), [("validate", "key_string"), ("refresh", "refresh")])
    def test_of_a_post_is_only_missing_its_fields(
        self, api: Api, name: str, missing: str, content_type: str | None
    ) -> None:
        answer = send_empty(api, "POST", api.url(name), content_type)
        assert_problem(answer, 400, "validation_failed" if api.dialect == "flat" else "invalid_request")
        assert set(answer.errors) == {missing}


class TestAccept:
    @pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*", "application/json;q=0", "nonsense"])
    def test_is_ignored(self, api: Api, accept: str) -> None:
        answer = api.with_headers(accept=accept).get("health")
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
        missing = api.with_headers(accept=accept).send("GET", f"{api.url('health')}x")
        assert_problem(missing, 404, "not_found")

    def test_may_be_missing(self, db: None) -> None:
        assert Client().get("/v1/health").status_code == 200
