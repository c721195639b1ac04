"""Asks the DNS for a host's addresses, within a given time; WEBHOOK_NAME_SERVERS says whom, empty the system's servers.

Not by getaddrinfo: it knows no time-out, and reads files and search lists that lead inside.
"""

from ipaddress import ip_address

import dns.exception
import dns.resolver
from django.conf import settings
from dns.nameserver import Do53Nameserver

from webhooks.networks import Address

SECONDS = 5.0
EXTRA_SECONDS = 1.0
# RFC 6761, section 6.3: never asked for, always this machine.
LOCAL = ("127.0.0.1", "::1")


def addresses_of(name: str, *, seconds: float = SECONDS) -> list[Address]:
    """All IPv4 addresses of a name, then all its IPv6 addresses; none where there are none, or nobody said in time."""
    if name == "localhost" or name.endswith(".localhost"):
        return [ip_address(text) for text in LOCAL]
    resolver = servers()
    if resolver is None:
        return []
    found = _ask(resolver, name, "A", seconds / 2)
    # Some servers never answer the second question: where the first was answered, it gets little time.
    return found + _ask(resolver, name, "AAAA", min(seconds / 2, EXTRA_SECONDS) if found else seconds / 2)


def servers() -> dns.resolver.Resolver | None:
    """Who is asked; None where the system names nobody."""
    if settings.WEBHOOK_NAME_SERVERS:
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = [Do53Nameserver(address, port) for address, port in settings.WEBHOOK_NAME_SERVERS]
        return resolver
    try:
        return dns.resolver.Resolver()
    except (dns.exception.DNSException, OSError):
        return None


def _ask(resolver: dns.resolver.Resolver, name: str, kind: str, seconds: float) -> list[Address]:
    """What there is of one kind; nothing where the servers fail."""
    try:
        answer = resolver.resolve(f"{name}.", kind, lifetime=seconds, raise_on_no_answer=False)
    except (dns.exception.DNSException, OSError):
        return []
    return [ip_address(record.to_text()) for record in answer.rrset or ()]
