"""What is sent over a real connection, and what comes of it, however the receiver behaves."""

import gzip
import logging
import os
import socket

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st
from pytest_django import Settings

from tests.webhooks.certificates import Authority
from tests.webhooks.conftest import Listen
from tests.webhooks.listeners import (
    DROP_SECONDS,
    OK,
    PATIENCE_SECONDS,
    Conduct,
    Listener,
    drips,
    floods,
    hangs_after,
    is_deaf,
    says,
)
from tests.webhooks.name_server import NameServer
from webhooks import sender
from webhooks.sender import Answer

BODY = b'{"type":"license.created"}'
HEADERS = {"webhook-id": "evt_1", "webhook-timestamp": "1", "webhook-signature": "v1,c2VjcmV0"}
# A deadline that is reached, and one that is not.
SHORT, LONG = 0.4, 20.0


@pytest.fixture(autouse=True)
def _private(settings: Settings) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = True


def send_to(listener: Listener, *, deadline: float = LONG, path: str = "/hook", body: bytes = BODY) -> Answer:
    """Send to a receiver without TLS."""
    return sender.send(f"http://127.0.0.1:{listener.port}{path}", body, HEADERS, deadline=deadline)


def response(status: int, *lines: str, body: bytes = b"") -> bytes:
    """An answer in bytes."""
    head = [f"HTTP/1.1 {status} Whatever", *lines, f"Content-Length: {len(body)}"]
    return "\r\n".join([*head, "", ""]).encode() + body


class TestRequest:
    def test_is_exactly_this(self, listen: Listen) -> None:
        listener = listen(says(OK))
        send_to(listener, path="/hook/%C3%A9?a=b&a=c")
        [request] = listener.requests
        head, body = request.split(b"\r\n\r\n")
        assert body == BODY
        assert head.decode().split("\r\n") == [
            "POST /hook/%C3%A9?a=b&a=c HTTP/1.1",
            "Accept-Encoding: identity",
            "Content-Length: 26",
            f"Host: 127.0.0.1:{listener.port}",
            "User-Agent: CODITECT-Webhooks/0.1.0",
            "Connection: close",
            "Content-Type: application/json",
            "webhook-id: evt_1",
            "webhook-timestamp: 1",
            "webhook-signature: v1,c2VjcmV0",
        ]

    def test_names_the_host_and_not_its_address(self, listen: Listen, name_server: NameServer) -> None:
        listener = listen(says(OK))
        name_server.knows("receiver.example", ["127.0.0.1"])
        assert sender.send(f"http://Receiver.example:{listener.port}", BODY, {}).error == ""
        assert f"Host: receiver.example:{listener.port}\r\n".encode() in listener.requests[0]

    def test_carries_no_cookie_of_an_earlier_answer(self, listen: Listen) -> None:
        listener = listen(says(response(200, "Set-Cookie: session=1; Path=/")))
        assert [send_to(listener).error, send_to(listener).error] == ["", ""]
        assert len(listener.requests) == 2
        assert b"cookie" not in b"".join(listener.requests).lower()

    def test_takes_no_proxy_from_the_environment(self, listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
        listener, proxy = listen(says(OK)), listen(says(OK))
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
            monkeypatch.setenv(name.lower(), os.environ[name])
        assert send_to(listener).error == ""
        assert (listener.connections, proxy.connections) == (1, 0)

    @pytest.mark.allow_hosts(["127.0.0.1", "127.0.0.3"])
    def test_reaches_the_second_address_where_nobody_listens_at_the_first(
        self, listen: Listen, name_server: NameServer
    ) -> None:
        listener = listen(says(OK))
        name_server.knows("receiver.example", ["127.0.0.3", "127.0.0.1"])
        assert sender.send(f"http://receiver.example:{listener.port}", BODY, {}).error == ""
        assert listener.connections == 1


class TestAnswer:
    @pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
    def test_is_a_success_from_200_to_299(self, status: int, listen: Listen) -> None:
        listener = listen(says(response(status)))
        answer = send_to(listener)
        assert (answer.error, answer.status_code) == ("", status)
        assert listener.saw_close.wait(10)

    @pytest.mark.parametrize("status", [101, 199, 400, 401, 403, 404, 409, 410, 422, 429, 500, 502, 503, 504, 999])
    def test_is_a_failure_otherwise(self, status: int, listen: Listen) -> None:
        answer = send_to(listen(says(response(status, body=b"no"))))
        assert (answer.error, answer.status_code) == ("not_accepted", status)

    @pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
    def test_is_a_failure_where_it_leads_elsewhere(self, status: int, listen: Listen) -> None:
        inside = listen(says(OK))
        location = f"Location: http://127.0.0.1:{inside.port}/"
        answer = send_to(listen(says(response(status, location))))
        assert (answer.error, answer.status_code) == ("redirected", status)
        assert inside.connections == 0

    @pytest.mark.parametrize(
        ("line", "expected"),
        [
            ("Retry-After: 120", "120"),
            ("retry-after: Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 21 Oct 2026 07:28:00 GMT"),
            (f"Retry-After: {'9' * 1000}", "9" * 64),
            ("X-Other: 1", ""),
        ],
    )
    def test_tells_when_to_come_back(self, line: str, expected: str, listen: Listen) -> None:
        assert send_to(listen(says(response(429, line)))).retry_after == expected

    def test_is_kept_for_its_first_kilobyte(self, listen: Listen) -> None:
        answer = send_to(listen(says(response(500, body=b"a" * 1024 + b"b" * 1024))))
        assert answer.response_start == "a" * 1024

    def test_is_kept_as_text_that_a_database_takes(self, listen: Listen) -> None:
        answer = send_to(listen(says(response(200, body=b"a\0b\xff\xc3"))))
        assert answer.response_start == "a�b��"

    def test_is_never_unpacked(self, listen: Listen) -> None:
        bomb = gzip.compress(b"0" * 10_000_000)
        answer = send_to(listen(says(response(200, "Content-Encoding: gzip", body=bomb))))
        assert answer.error == ""
        assert "000" not in answer.response_start
        assert answer.response_start.startswith("\x1f")

    def test_may_come_in_chunks_and_after_a_continue(self, listen: Listen) -> None:
        chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nth\r\n3\r\nank\r\n0\r\n\r\n"
        answer = send_to(listen(says(b"HTTP/1.1 100 Continue\r\n\r\n" + chunks)))
        assert (answer.error, answer.response_start) == ("", "thank")

    def test_may_end_with_the_connection(self, listen: Listen) -> None:
        answer = send_to(listen(says(b"HTTP/1.0 200 OK\r\n\r\nthanks")))
        assert (answer.error, answer.response_start) == ("", "thanks")

    def test_tells_how_long_it_took(self, listen: Listen) -> None:
        answer = send_to(listen(hangs_after(b"")), deadline=SHORT)
        assert answer.duration_ms >= SHORT * 1000


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
SLOW: dict[str, tuple[Conduct, int | None]] = {
    "no byte": (hangs_after(b""), None),
    "half a status line": (hangs_after(b"HTTP/1.1 2"), None),
    "half a head": (hangs_after(b"HTTP/1.1 200 OK\r\nX-A: b\r\n"), None),
    "status line, byte by byte": (drips(b"HTTP/1.1 200 ", b"O"), None),
    "one header, byte by byte": (drips(b"HTTP/1.1 200 OK\r\nX-A: ", b"a"), None),
    "headers, one by one": (drips(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"), None),
    "continue, again and again": (drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), None),
    "head without its body": (hangs_after(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"), 200),
    "half a body": (hangs_after(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), 200),
    "body, byte by byte": (drips(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n", b"a"), 200),
    "body of no length, byte by byte": (drips(b"HTTP/1.1 200 OK\r\n\r\n", b"a"), 200),
    "chunks, one by one": (drips(CHUNKED, b"1\r\na\r\n"), 200),
    "size of a chunk, digit by digit": (drips(CHUNKED, b"0"), 200),
    "trailers, one by one": (drips(CHUNKED + b"0\r\n", b"X-A: b\r\n"), 200),
}


class TestSlowReceiver:
    @pytest.mark.parametrize(("conduct", "status"), SLOW.values(), ids=SLOW)
    def test_is_left_at_the_deadline(self, conduct: Conduct, status: int | None, listen: Listen) -> None:
        listener = listen(conduct)
        answer = send_to(listener, deadline=SHORT)
        assert (answer.error, answer.status_code) == ("timed_out", status)
        assert listener.saw_close.wait(10)

    @pytest.mark.parametrize("status", [410, 429])
    def test_has_said_its_status_all_the_same(self, status: int, listen: Listen) -> None:
        beginning = f"HTTP/1.1 {status} No\r\nRetry-After: 7\r\nContent-Length: 9\r\n\r\n".encode()
        answer = send_to(listen(hangs_after(beginning)), deadline=SHORT)
        assert (answer.error, answer.status_code, answer.retry_after) == ("not_accepted", status, "7")

    def test_is_left_when_it_reads_nothing(self, listen: Listen) -> None:
        listener = listen(is_deaf)
        answer = send_to(listener, deadline=SHORT, body=b"a" * 30_000_000)
        assert answer.error == "timed_out"

    def test_is_left_when_it_reads_in_sips(self, listen: Listen) -> None:
        def conduct(listener: Listener, connection: socket.socket) -> None:
            for _ in range(round(PATIENCE_SECONDS / DROP_SECONDS)):
                if listener.stopping.wait(DROP_SECONDS) or not connection.recv(4096):
                    break
            connection.close()

        assert send_to(listen(conduct), deadline=SHORT, body=b"a" * 30_000_000).error == "timed_out"

    def test_is_left_when_it_never_accepts(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            url = f"http://127.0.0.1:{server.getsockname()[1]}/"
            assert sender.send(url, BODY, HEADERS, deadline=SHORT).error == "timed_out"
            connection, _ = server.accept()
            with connection, connection.makefile("rb") as incoming:
                assert incoming.read().endswith(BODY)

    def test_is_left_when_its_queue_is_full(self) -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
            waiting = [socket.socket() for _ in range(4)]
            for client in waiting:
                client.setblocking(False)
                client.connect_ex(server.getsockname())
            url = f"http://127.0.0.1:{server.getsockname()[1]}/"
            assert sender.send(url, BODY, HEADERS, deadline=SHORT).error == "timed_out"
            for client in waiting:
                client.close()

    @pytest.mark.parametrize("beginning", [b"", b"\x16\x03\x03\x00\x7a"], ids=["silent", "half a record"])
    def test_is_left_in_the_middle_of_the_handshake(self, beginning: bytes, listen: Listen) -> None:
        def conduct(listener: Listener, connection: socket.socket) -> None:
            connection.sendall(beginning)

        listener = listen(conduct)
        answer = sender.send(f"https://127.0.0.1:{listener.port}/", BODY, HEADERS, deadline=SHORT)
        assert answer.error == "timed_out"
        assert listener.saw_close.wait(10)

    def test_is_left_when_the_handshake_drips(self, listen: Listen) -> None:
        def conduct(listener: Listener, connection: socket.socket) -> None:
            connection.sendall(b"\x16\x03\x03\x40\x00")
            for _ in range(round(PATIENCE_SECONDS / DROP_SECONDS)):
                if listener.stopping.wait(DROP_SECONDS):
                    return
                connection.sendall(b"\x02")

        listener = listen(conduct)
        answer = sender.send(f"https://127.0.0.1:{listener.port}/", BODY, HEADERS, deadline=SHORT)
        assert answer.error == "timed_out"
        assert listener.saw_close.wait(10)

    def test_is_left_when_it_drips_within_tls(self, listen: Listen, trusted: Authority) -> None:
        listener = listen(drips(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"), tls=trusted.server("127.0.0.1"))
        answer = sender.send(f"https://127.0.0.1:{listener.port}/", BODY, HEADERS, deadline=SHORT)
        assert answer.error == "timed_out"
        assert listener.saw_close.wait(10)


ENDLESS: dict[str, tuple[Conduct, str]] = {
    "body": (floods(b"HTTP/1.1 200 OK\r\n\r\n", b"a" * 4096), ""),
    "body with a length": (floods(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", b"a" * 4096), ""),
    "chunks": (floods(CHUNKED, b"1000\r\n" + b"a" * 4096 + b"\r\n"), ""),
    "one chunk": (floods(CHUNKED + b"ffffffffffffffff\r\n", b"a" * 4096), ""),
    "chunk of the size -1": (floods(CHUNKED + b"-1\r\n", b"a" * 4096), ""),
    "size of a chunk": (floods(CHUNKED, b"0" * 4096), ""),
    "body of a failure": (floods(b"HTTP/1.1 500 Oops\r\n\r\n", b"a" * 4096), "not_accepted"),
    "status line": (floods(b"HTTP/1.1 200 ", b"a" * 4096), "answer_malformed"),
    "header": (floods(b"HTTP/1.1 200 OK\r\nX-A: ", b"a" * 4096), "answer_malformed"),
    "headers": (floods(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"), "answer_malformed"),
    "continues": (floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), "answer_malformed"),
}


class TestEndlessAnswer:
    @pytest.mark.parametrize(("conduct", "error"), ENDLESS.values(), ids=ENDLESS)
    def test_is_read_for_64_kilobytes(
        self, conduct: Conduct, error: str, listen: Listen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read: list[int] = []
        recv_into = socket.socket.recv_into

        def counted(connection: socket.socket, *arguments: object) -> int:
            read.append(recv_into(connection, *arguments))  # type: ignore[arg-type]  # passed on as they came
            return read[-1]

        monkeypatch.setattr(socket.socket, "recv_into", counted)
        listener = listen(conduct)
        assert send_to(listener).error == error
        assert sum(read) <= 64 * 1024
        assert listener.saw_close.wait(10)


BROKEN: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "connection_lost"),
    "half a status line": (b"HTTP/1.1 20", "answer_malformed"),
    "half a head": (b"HTTP/1.1 200 OK\r\nX-A: b\r\n", "connection_lost"),
    "half a header": (b"HTTP/1.1 200 OK\r\nX-A", "connection_lost"),
    "no body": (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", "connection_lost"),
    "half a body": (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "connection_lost"),
    "half a chunk": (CHUNKED + b"5\r\nab", "connection_lost"),
    "no last chunk": (CHUNKED + b"2\r\nab\r\n", "connection_lost"),
    "chunk of the size of words": (CHUNKED + b"five\r\nabcde\r\n0\r\n\r\n", "answer_malformed"),
    "chunk of a negative size": (CHUNKED + b"-5\r\nabcde\r\n0\r\n\r\n", "answer_malformed"),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.9\r\n", "answer_malformed"),
    "HTTP 0.9": (b"<html>thanks</html>", "answer_malformed"),
    "HTTP 2": (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80\x00", "answer_malformed"),
    "status of words": (b"HTTP/1.1 fine OK\r\n\r\n", "answer_malformed"),
    "status of two digits": (b"HTTP/1.1 20 OK\r\n\r\n", "answer_malformed"),
    "status of four digits": (b"HTTP/1.1 2000 OK\r\n\r\n", "answer_malformed"),
    "negative status": (b"HTTP/1.1 -200 OK\r\n\r\n", "answer_malformed"),
    "other protocol": (b"ICY 200 OK\r\n\r\n", "answer_malformed"),
    "version of the future": (b"HTTP/9.9 200 OK\r\n\r\n", "answer_malformed"),
    "too many headers": (b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 101 + b"\r\n", "answer_malformed"),
}


class TestBrokenAnswer:
    @pytest.mark.parametrize(("answer", "error"), BROKEN.values(), ids=BROKEN)
    def test_is_a_failure(self, answer: bytes, error: str, listen: Listen) -> None:
        listener = listen(says(answer))
        assert send_to(listener).error == error
        assert listener.saw_close.wait(10)

    @pytest.mark.parametrize(
        "head", [b"", b"HTTP/1.1 200 ", b"HTTP/1.1 200 OK\r\n", CHUNKED], ids=["start", "status", "headers", "chunks"]
    )
    @profile(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(rest=st.binary(max_size=200))
    def test_is_an_answer_whatever_its_bytes(self, head: bytes, rest: bytes, listen: Listen) -> None:
        assert send_to(listen(says(head + rest))).error in {"", *sender.ERRORS}


class TestConnection:
    def test_that_nobody_takes_is_a_failure(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        assert sender.send(f"http://127.0.0.1:{port}/", BODY, HEADERS).error == "connect_failed"

    @pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nX-A"], ids=["at once", "in the head"])
    def test_that_is_reset_is_a_failure(self, sent: bytes, listen: Listen) -> None:
        def conduct(listener: Listener, connection: socket.socket) -> None:
            connection.recv(1)
            connection.sendall(sent)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            connection.close()

        assert send_to(listen(conduct), body=b"a" * 1_000_000).error == "connection_lost"


class TestSecrets:
    @pytest.mark.parametrize(
        "conduct", [says(OK), says(b""), says(response(500)), hangs_after(b"")], ids=["taken", "lost", "500", "hung"]
    )
    def test_are_in_no_answer_and_no_log(
        self, conduct: Conduct, listen: Listen, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        listener = listen(conduct)
        url = f"http://127.0.0.1:{listener.port}/hook?token=planted"
        headers = {"webhook-signature": "v1,planted", "X-Coditect-Signature": "t=1,v1=planted"}
        answer = sender.send(url, b'{"planted":1}', headers, deadline=SHORT)
        assert listener.connections == 1
        assert "planted" not in repr(answer) + caplog.text
