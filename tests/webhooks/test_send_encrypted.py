"""What is sent over TLS, and when nothing is."""

import socket
import ssl
from datetime import timedelta

import pytest
from pytest_django import Settings

from tests.webhooks.certificates import DAY, Authority
from tests.webhooks.conftest import Listen
from tests.webhooks.listeners import OK, Listener, says
from tests.webhooks.name_server import NameServer
from webhooks import sender

BODY = b'{"type":"license.created"}'
HEADERS = {"webhook-id": "evt_1", "webhook-timestamp": "1", "webhook-signature": "v1,c2VjcmV0"}


@pytest.fixture(autouse=True)
def _private(settings: Settings) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = True


class TestTls:
    def test_is_made_for_the_name(self, listen: Listen, name_server: NameServer, trusted: Authority) -> None:
        name_server.knows("receiver.example", ["127.0.0.1"])
        context, asked = trusted.server("receiver.example"), []
        context.sni_callback = lambda _socket, name, _context: asked.append(name)
        listener = listen(says(OK), tls=context)
        assert sender.send(f"https://receiver.example:{listener.port}/", BODY, HEADERS).error == ""
        assert asked == ["receiver.example"]
        assert listener.requests[0].endswith(BODY)

    def test_may_be_made_for_an_address(self, listen: Listen, trusted: Authority) -> None:
        listener = listen(says(OK), tls=trusted.server("127.0.0.1"))
        assert sender.send(f"https://127.0.0.1:{listener.port}/", BODY, HEADERS).error == ""

    @pytest.mark.parametrize(
        ("host", "age"),
        [
            ("other.example", timedelta()),
            ("*.receiver.example", timedelta()),
            ("example", timedelta()),
            ("127.0.0.1", timedelta()),
            ("receiver.example", 3 * DAY),
            ("receiver.example", -3 * DAY),
        ],
        ids=["other name", "name below", "name above", "address", "expired", "not yet valid"],
    )
    def test_fails_with_a_certificate_that_is_not_valid(
        self, host: str, age: timedelta, listen: Listen, name_server: NameServer, trusted: Authority
    ) -> None:
        name_server.knows("receiver.example", ["127.0.0.1"])
        listener = listen(says(OK), tls=trusted.server(host, age=age))
        answer = sender.send(f"https://receiver.example:{listener.port}/", BODY, HEADERS)
        assert (answer.error, listener.requests) == ("certificate_invalid", [])
        assert listener.saw_close.wait(10)

    def test_fails_with_an_authority_that_is_not_trusted(
        self, listen: Listen, trusted: Authority, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        other = Authority(tmp_path_factory.mktemp("other"), "Throw-away authority")
        listener = listen(says(OK), tls=other.server("127.0.0.1"))
        answer = sender.send(f"https://127.0.0.1:{listener.port}/", BODY, HEADERS)
        assert (answer.error, listener.requests) == ("certificate_invalid", [])

    def test_fails_without_tls_at_the_other_end(self, listen: Listen, trusted: Authority) -> None:
        def conduct(listener: Listener, connection: socket.socket) -> None:
            connection.recv(65536)
            connection.sendall(OK)

        answer = sender.send(f"https://127.0.0.1:{listen(conduct).port}/", BODY, HEADERS)
        assert answer.error == "tls_failed"

    def test_fails_with_an_old_version(self, listen: Listen, trusted: Authority) -> None:
        context = trusted.server("127.0.0.1")
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        listener = listen(says(OK), tls=context)
        assert sender.send(f"https://127.0.0.1:{listener.port}/", BODY, HEADERS).error == "tls_failed"
