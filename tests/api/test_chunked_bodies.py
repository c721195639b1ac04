"""Bodies sent in chunks, without a length, to the real server."""

from collections.abc import Iterator

import pytest
import requests

from tests.live import START_SECONDS, Live

MEBIBYTE = 1024 * 1024
PATHS = {"flat": "/api/v1/licenses/validate/", "enveloped": "/v1/licenses/validate"}


def chunks(*parts: bytes) -> Iterator[bytes]:
    """A body whose length nobody knows beforehand."""
    yield from parts


def post(live: Live, path: str, *parts: bytes) -> requests.Response:
    """Send a body in chunks."""
    answer = requests.post(
        f"{live.url}{path}", data=chunks(*parts), headers={"Content-Type": "application/json"}, timeout=START_SECONDS
    )
    assert answer.request.headers["Transfer-Encoding"] == "chunked"
    return answer


@pytest.mark.parametrize("dialect", PATHS)
class TestChunkedBody:
    def test_is_read_to_its_end(self, live: Live, dialect: str) -> None:
        answer = post(live, PATHS[dialect], b'{"key_', b'string": ', b'"PROD-2025-NONE-0000"}')
        body = answer.json() if dialect == "flat" else answer.json()["data"]
        assert (answer.status_code, body["valid"], body["code"]) == (200, False, "not_found")

    def test_is_refused_where_it_is_too_large(self, live: Live, dialect: str) -> None:
        answer = post(live, PATHS[dialect], b'{"key_string": "', *[b"x" * MEBIBYTE] * 2, b'"}')
        assert answer.status_code == 413

    def test_is_refused_where_it_is_not_json(self, live: Live, dialect: str) -> None:
        assert post(live, PATHS[dialect], b"{", b"}", b"}").status_code == 400

    def test_may_be_empty(self, live: Live, dialect: str) -> None:
        assert "key_string" in post(live, PATHS[dialect]).text
