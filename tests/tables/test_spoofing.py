"""The spoofing table: headers and fields by which a client claims to be another, or to have come another way."""

import pytest
from pytest_django import Settings

from coditect.journal.models import Event
from licenses.models import SeatSession
from tests.api.shapes import assert_problem
from tests.dialects import NAMES, Answer, Api
from tests.factories import PASSWORD
from tests.mails import deliver, text_of
from tests.tables.cases import Table
from tests.tables.world import World

CLAIMED = "203.0.113.66"
ADDRESS_HEADERS = {
    "x_forwarded_for": CLAIMED, "forwarded": f"for={CLAIMED};proto=https;host=evil.example", "x_real_ip": CLAIMED,
    "x_client_ip": CLAIMED, "client_ip": CLAIMED, "true_client_ip": CLAIMED, "cf_connecting_ip": CLAIMED,
    "fastly_client_ip": CLAIMED, "x_cluster_client_ip": CLAIMED, "x_originating_ip": CLAIMED, "via": f"1.1 {CLAIMED}",
    "x_remote_addr": CLAIMED, "remote_addr": CLAIMED, "x_forwarded": CLAIMED, "x_user_id": CLAIMED,
}  # fmt: skip
HOST_HEADERS = {
    "x_forwarded_host": "evil.example", "x_host": "evil.example", "x_forwarded_server": "evil.example",
    "x_http_host_override": "evil.example", "forwarded": "host=evil.example", "x_forwarded_port": "1",
    "x_forwarded_prefix": "/evil", "x_original_url": "/admin/", "x_rewrite_url": "/admin/",
    "x_http_method_override": "DELETE", "x_method_override": "DELETE", "x_script_name": "/evil",
}  # fmt: skip
HOSTS = [
    "evil.example", "localhost.evil.example", "evil.example:80", "localhost@evil.example",
    "localhost:80@evil.example", "127.0.0.1.evil.example", "[::1].evil.example", "localhost/evil", "localhost evil",
    "localhost\tevil", "%00", "xn--evil-.example", "localhost:abc",
]  # fmt: skip
PROTO_HEADERS = {
    "x_forwarded_proto": "https", "x_forwarded_protocol": "https", "x_forwarded_ssl": "on", "front_end_https": "on",
    "x_url_scheme": "https", "x_scheme": "https", "forwarded": "proto=https", "cloudfront_forwarded_proto": "https",
}  # fmt: skip


def log_in(api: Api, world: World) -> Answer:
    """As the owner."""
    return api.post("log-in", {"email": world.owner.membership.user.email, "password": PASSWORD})


@pytest.mark.parametrize("dialect", NAMES)
def test_addresses(world: World, dialect: str, settings: Settings) -> None:
    table, api = Table("spoofing"), Api(dialect)
    for header, value in ADDRESS_HEADERS.items():
        with table.case(f"{header} {dialect}"):
            assert log_in(api.with_headers(**{header: value}), world).status == 200
            assert Event.objects.latest("at").ip == "127.0.0.1"
    settings.TRUSTED_PROXIES = 1
    for header, value in ADDRESS_HEADERS.items():
        with table.case(f"{header} {dialect} beside the word of our proxy"):
            ours = value if header == "x_forwarded_for" else "198.51.100.1"
            words = {header: value} | {"x_forwarded_for": f"{CLAIMED}, 198.51.100.1", "x_forwarded_proto": "https"}
            assert log_in(api.with_headers(**words), world).status == 200
            assert Event.objects.latest("at").ip == "198.51.100.1", ours
    table.done()


@pytest.mark.parametrize("dialect", NAMES)
def test_fields(world: World, dialect: str) -> None:
    """An `ip_address` in a body is written down with the seat, and decides nothing."""
    table = Table("spoofing")
    for name in ("ip_address", "ip", "client_ip", "remote_addr"):
        with table.case(f"{name} in a body {dialect}"):
            body = {"license_key": world.license.key_string, "hardware_id": "m", name: CLAIMED}
            assert Api(dialect, world.owner.token).post("acquire", body).status == 201
            assert Event.objects.latest("at").ip == "127.0.0.1"
            assert SeatSession.objects.count() == 1
    table.done()


@pytest.mark.parametrize("dialect", NAMES)
def test_hosts(world: World, dialect: str) -> None:
    table, api = Table("spoofing"), Api(dialect)
    for host in HOSTS:
        with table.case(f"Host: {host!r} {dialect}"):
            if host:
                assert_problem(api.with_headers(host=host).get("health"), 400, "invalid_request")
    for header, value in HOST_HEADERS.items():
        with table.case(f"{header} {dialect}"):
            claiming = api.with_headers(**{header: value})
            assert claiming.post("forgot-password", {"email": world.owner.membership.user.email}).status == 200
            (letter,) = deliver()
            assert "evil" not in text_of(letter)
            page = claiming.as_bearer(world.owner.token).get("licenses", {"limit": "1"})
            assert page.status == 200
            assert b"evil" not in page.content
    table.done()


@pytest.mark.parametrize("dialect", NAMES)
def test_protocols(world: World, dialect: str, settings: Settings) -> None:
    settings.REQUIRE_HTTPS, settings.SECURE_PROXY_SSL_HEADER = True, None
    table, api = Table("spoofing"), Api(dialect)
    for header, value in PROTO_HEADERS.items():
        with table.case(f"{header} {dialect}"):
            assert_problem(api.with_headers(**{header: value}).get("health"), 403, "https_required")
    table.done()
