"""Where a webhook may be sent to: https, a plain host and port, and nothing but public addresses behind the name.

A URL is read by one strict grammar, and what is connected to is built from what was read: no second parser can see
another host in it. The same is asked when an endpoint is created or changed and again at each send.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings

from coditect.errors import InvalidInput
from webhooks import names
from webhooks.networks import Address, is_refused

LONGEST = 2048
URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>\[[0-9a-f:.]{2,45}\]|[0-9a-z.-]{1,253})"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<target>(?:/[!$%&'()*+,./0-9:;=@A-Z_a-z~-]*)?(?:\?[!$%&'()*+,./0-9:;=?@A-Z_a-z~-]*)?)",
    re.ASCII,
)
LABEL = re.compile(r"[0-9a-z](?:[0-9a-z-]{0,61}[0-9a-z])?", re.ASCII)
# A last label that a lenient parser takes for the end of an IPv4 address (WHATWG URL, "ends in a number").
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
ORIGIN = re.compile(r"https?://[^/?]*", re.ASCII | re.IGNORECASE)
USUAL_PORTS = {"http": 80, "https": 443}
FIRST_FREE_PORT = 1024
LAST_PORT = 65535
# Those above 1023 that browsers refuse, too: other protocols might take our request for theirs (Fetch, section 2.9).
BAD_PORTS = {1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6679, 6697, 10080, *range(6665, 6670)}
# Asked for while somebody waits for an answer.
CREATION_SECONDS = 2.5

NOT_A_URL = "Give a complete URL in ASCII, such as https://example.com/webhooks: no user, fragment or odd characters."
NOT_HTTPS = "Webhooks are sent by https only."
BAD_HOST = "Give the host as a full name in ASCII (xn--… for others), or as a plain IP address."
BAD_PORT = "Webhooks are not sent to this port."
# One text for both: else it would tell which names our own network knows.
NOT_PUBLIC = "This host has no address on the public internet, or its name servers do not answer."


class AddressRefused(InvalidInput):
    """A URL that nothing is sent to; the text says why, but never what a name led to."""

    def __init__(self, message: str) -> None:
        super().__init__("url", message)


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """A URL in its parts: `host` a name or an IP address without brackets, `target` a path and a query."""

    scheme: str
    host: str
    port: int
    target: str
    address: Address | None

    @property
    def host_header(self) -> str:
        """RFC 9110, section 7.2: the port only where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == USUAL_PORTS[self.scheme] else f"{host}:{self.port}"


def refuse(url: str) -> None:
    """Refuse a URL that webhooks are not sent to.

    Raises AddressRefused, whose text is for the customer. Asks the DNS: call it outside a transaction.
    """
    reach(read(url), seconds=CREATION_SECONDS)


def read(url: str) -> Receiver:
    """Take a URL apart, without asking anybody. Raises AddressRefused."""
    parts = URL.fullmatch(_lowered(url)) if len(url) <= LONGEST else None
    if parts is None:
        raise AddressRefused(NOT_A_URL)
    scheme = parts["scheme"]
    if scheme != "https" and not settings.IS_DEVELOPMENT:
        raise AddressRefused(NOT_HTTPS)
    host, address = _host(parts["host"])
    port = _port(parts["port"], scheme)
    target = parts["target"]
    target = target if target.startswith("/") else f"/{target}"
    return Receiver(scheme=scheme, host=host, port=port, target=target, address=address)


def reach(receiver: Receiver, *, seconds: float) -> list[Address]:
    """The addresses to connect to, none of them refused. Raises AddressRefused.

    One that is refused among others refuses them all: whoever runs the name servers chooses which one comes first.
    """
    found = [receiver.address] if receiver.address else names.addresses_of(receiver.host, seconds=seconds)
    if not found or any(is_refused(address, allow_private=settings.WEBHOOK_ALLOW_PRIVATE) for address in found):
        raise AddressRefused(NOT_PUBLIC)
    return found


def _lowered(url: str) -> str:
    """Scheme and host in lower case, the rest as it is."""
    origin = ORIGIN.match(url)
    return url if origin is None else origin[0].lower() + url[origin.end() :]


def _host(text: str) -> tuple[str, Address | None]:
    if text.startswith("["):
        address = _address(text[1:-1])
        if not isinstance(address, IPv6Address):
            raise AddressRefused(BAD_HOST)
        return str(address), address
    labels = text.split(".")
    if NUMBER.fullmatch(labels[-1]):
        address = _address(text)
        if not isinstance(address, IPv4Address):
            raise AddressRefused(BAD_HOST)
        return text, address
    if not all(map(LABEL.fullmatch, labels)) or (len(labels) == 1 and not settings.WEBHOOK_ALLOW_PRIVATE):
        raise AddressRefused(BAD_HOST)
    return text, None


def _address(text: str) -> Address | None:
    """Only as ipaddress writes it: four decimal numbers without leading zeros, or IPv6."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def _port(text: str | None, scheme: str) -> int:
    port = int(text) if text else USUAL_PORTS[scheme]
    if port in USUAL_PORTS.values() or (FIRST_FREE_PORT <= port <= LAST_PORT and port not in BAD_PORTS):
        return port
    raise AddressRefused(BAD_PORT)
