"""Where webhooks are never sent to: refused when an endpoint is created or changed, and again at each send."""

import io
from ipaddress import ip_address, ip_network

import dns.resolver
import pytest
from pytest_django import Settings

from tests.webhooks.conftest import Listen
from tests.webhooks.listeners import OK, says
from tests.webhooks.name_server import NameServer
from tests.webhooks.odd_urls import INSIDE, ODD, OUTSIDE, literal
from webhooks import addresses, names, networks, sender
from webhooks.addresses import AddressRefused

BODY = b"{}"
NOT_PUBLIC = "This host has no address on the public internet, or its name servers do not answer."


@pytest.fixture(autouse=True)
def _production(settings: Settings) -> None:
    settings.IS_DEVELOPMENT = False


class TestAddressInside:
    @pytest.mark.parametrize("address", INSIDE)
    def test_is_refused_at_creation_and_at_each_send(self, address: str) -> None:
        with pytest.raises(AddressRefused, match=NOT_PUBLIC):
            addresses.refuse(literal(address))
        assert sender.send(literal(address), BODY, {}).error == "address_refused"

    @pytest.mark.parametrize("address", INSIDE)
    def test_is_refused_behind_a_name(self, address: str, name_server: NameServer) -> None:
        name_server.knows("rebound.example", [address])
        with pytest.raises(AddressRefused) as caught:
            addresses.refuse("https://rebound.example/hook")
        assert (caught.value.field, caught.value.text) == ("url", NOT_PUBLIC)
        assert sender.send("https://rebound.example/hook", BODY, {}).error == "address_refused"

    def test_is_let_in_only_where_private_ones_are_and_it_is_one(self) -> None:
        networks_let_in = ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"]
        private = [ip_network(network) for network in networks_let_in]
        expected = {address for address in INSIDE if any(ip_address(address) in network for network in private)}
        let_in = {address for address in INSIDE if not networks.is_refused(ip_address(address), allow_private=True)}
        assert let_in == expected


class TestAddressOutside:
    @pytest.mark.parametrize("address", OUTSIDE)
    def test_is_accepted_as_it_stands_and_behind_a_name(self, address: str, name_server: NameServer) -> None:
        addresses.refuse(literal(address))
        name_server.knows("receiver.example", [address])
        addresses.refuse("https://receiver.example/hook")


class TestOddUrl:
    @pytest.mark.parametrize("url", ODD.values(), ids=ODD)
    def test_is_refused_at_creation_and_at_each_send(self, url: str, name_server: NameServer) -> None:
        with pytest.raises(AddressRefused) as caught:
            addresses.refuse(url)
        assert caught.value.text.endswith(".")
        assert sender.send(url, BODY, {}).error == "address_refused"
        assert not name_server.questions


class TestPlainUrl:
    @pytest.mark.parametrize(
        ("url", "host", "port", "target"),
        [
            ("https://example.com", "example.com", 443, "/"),
            ("https://example.com?a=b", "example.com", 443, "/?a=b"),
            ("HTTPS://Hooks.EXAMPLE.com:8443/In/Path?A=B", "hooks.example.com", 8443, "/In/Path?A=B"),
            ("https://xn--bcher-kva.example/%C3%A9", "xn--bcher-kva.example", 443, "/%C3%A9"),
            ("https://example.com:80/", "example.com", 80, "/"),
            ("https://example.com:65535/", "example.com", 65535, "/"),
            ("https://1.2.3.4.example.com/@user:x//y", "1.2.3.4.example.com", 443, "/@user:x//y"),
            ("https://[2606:4700:0:0::1111]/", "2606:4700::1111", 443, "/"),
        ],
    )
    def test_is_read_as_it_stands(self, url: str, host: str, port: int, target: str) -> None:
        receiver = addresses.read(url)
        assert (receiver.scheme, receiver.host, receiver.port, receiver.target) == ("https", host, port, target)

    def test_may_be_http_in_development(self, settings: Settings) -> None:
        settings.IS_DEVELOPMENT = True
        assert addresses.read("http://example.com/").port == 80

    def test_may_have_a_short_name_where_private_ones_are_allowed(self, settings: Settings) -> None:
        settings.WEBHOOK_ALLOW_PRIVATE = True
        addresses.refuse("https://localhost/")
        assert addresses.read("https://receiver:8443/").host == "receiver"


class TestName:
    @pytest.mark.parametrize(
        "found",
        [
            ["8.8.8.8", "10.0.0.1"],
            ["10.0.0.1", "8.8.8.8"],
            ["8.8.8.8", "1.1.1.1", "169.254.169.254"],
            ["8.8.8.8", "::1"],
            ["2606:4700::1", "::ffff:10.0.0.1"],
            ["2606:4700::1", "192.168.0.1"],
        ],
    )
    def test_is_refused_for_one_private_address_among_public_ones(
        self, found: list[str], name_server: NameServer
    ) -> None:
        name_server.knows("mixed.example", found)
        with pytest.raises(AddressRefused, match=NOT_PUBLIC):
            addresses.refuse("https://mixed.example/")
        assert sender.send("https://mixed.example/", BODY, {}).error == "address_refused"

    def test_is_refused_for_the_address_behind_an_alias(self, name_server: NameServer) -> None:
        name_server.knows("inside.example", ["10.0.0.1"])
        name_server.knows_alias("alias.example", "inside.example")
        with pytest.raises(AddressRefused, match=NOT_PUBLIC):
            addresses.refuse("https://alias.example/")

    @pytest.mark.parametrize("name", ["unknown.example", "broken.example", "without.example"])
    def test_is_refused_in_the_same_words_without_an_address(self, name: str, name_server: NameServer) -> None:
        name_server.knows("without.example", [])
        with pytest.raises(AddressRefused, match=NOT_PUBLIC):
            addresses.refuse(f"https://{name}/")
        assert sender.send(f"https://{name}/", BODY, {}, deadline=1).error == "address_refused"

    def test_is_not_waited_for_beyond_the_deadline(self, name_server: NameServer) -> None:
        name_server.knows("silent.example", ["8.8.8.8"])
        answer = sender.send("https://silent.example/", BODY, {}, deadline=0.3)
        assert answer.error in {"address_refused", "timed_out"}

    @pytest.mark.parametrize(
        ("name", "found"), [("no-aaaa-answer.example", "8.8.8.8"), ("no-a-answer.example", "2606:4700::1")]
    )
    def test_is_good_where_one_of_two_questions_is_never_answered(
        self, name: str, found: str, name_server: NameServer
    ) -> None:
        name_server.knows(name, [found])
        receiver = addresses.read(f"https://{name}/")
        assert addresses.reach(receiver, seconds=0.5) == [ip_address(found)]

    def test_is_asked_of_the_system_s_servers_where_none_are_set(
        self, name_server: NameServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.WEBHOOK_NAME_SERVERS = []
        read = dns.resolver.Resolver.read_resolv_conf
        text = "nameserver 192.0.2.53\nsearch inside.example\n"
        monkeypatch.setattr(
            dns.resolver.Resolver, "read_resolv_conf", lambda resolver, _file: read(resolver, io.StringIO(text))
        )
        system = names.servers()
        assert system is not None
        assert system.nameservers == ["192.0.2.53"]
        text = ""
        with pytest.raises(AddressRefused, match=NOT_PUBLIC):
            addresses.refuse("https://receiver.example/")

    def test_is_asked_for_as_it_stands_without_the_system_s_search_list(self, name_server: NameServer) -> None:
        name_server.knows("receiver.example", ["8.8.8.8"])
        addresses.refuse("https://receiver.example/")
        assert name_server.questions == {("receiver.example", "A"): 1, ("receiver.example", "AAAA"): 1}


class TestRebinding:
    """127.0.0.1 plays the public internet here, 127.0.0.2 the inside."""

    @pytest.fixture(autouse=True)
    def _public(self, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
        settings.IS_DEVELOPMENT = True
        monkeypatch.setattr(networks, "PRIVATE", (ip_network("127.0.0.2/32"),))

    def test_leads_only_to_the_address_that_was_checked(self, name_server: NameServer, listen: Listen) -> None:
        outside = listen(says(OK))
        inside = listen(says(OK), host="127.0.0.2", port=outside.port)
        name_server.knows("rebound.example", ["127.0.0.1"], ["127.0.0.2"])
        assert sender.send(f"http://rebound.example:{outside.port}/", BODY, {}).error == ""
        assert (outside.connections, inside.connections) == (1, 0)
        assert name_server.asked("rebound.example") == {"A": 1, "AAAA": 1}

    def test_after_creation_is_refused_at_the_send(self, name_server: NameServer, listen: Listen) -> None:
        inside = listen(says(OK), host="127.0.0.2")
        name_server.knows("rebound.example", ["127.0.0.1"], ["127.0.0.2"])
        url = f"http://rebound.example:{inside.port}/"
        addresses.refuse(url)
        assert sender.send(url, BODY, {}).error == "address_refused"
        assert inside.connections == 0

    def test_after_a_send_is_refused_at_the_next(self, name_server: NameServer, listen: Listen) -> None:
        outside = listen(says(OK))
        inside = listen(says(OK), host="127.0.0.2", port=outside.port)
        name_server.knows("rebound.example", ["127.0.0.1"], ["127.0.0.2"], ["127.0.0.1", "127.0.0.2"])
        answers = [sender.send(f"http://rebound.example:{outside.port}/", BODY, {}).error for _ in range(3)]
        assert answers == ["", "address_refused", "address_refused"]
        assert (outside.connections, inside.connections) == (1, 0)

    def test_by_an_unreachable_first_address_does_not_lead_inside(
        self, name_server: NameServer, listen: Listen
    ) -> None:
        inside = listen(says(OK), host="127.0.0.2")
        name_server.knows("rebound.example", ["127.0.0.1"], ["127.0.0.2"])
        assert sender.send(f"http://rebound.example:{inside.port}/", BODY, {}).error == "connect_failed"
        assert inside.connections == 0
