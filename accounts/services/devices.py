"""Which devices a user logs in from."""

import ipaddress
from datetime import datetime, timedelta

from accounts.models import LoginSession, User

REMEMBERED = timedelta(days=90)
# What one household or office usually keeps, in bits.
NETWORK_BITS = {4: 24, 6: 48}


def is_new_device(*, user: User, ip: str, user_agent: str, now: datetime) -> bool:
    """Whether a user who has logged in before does so by a program and from a network not seen for 90 days."""
    sessions = LoginSession.objects.filter(user=user)
    if not sessions.exists():
        return False
    similar = sessions.filter(user_agent=user_agent, created_at__gt=now - REMEMBERED)
    seen = similar.values_list("ip", flat=True).distinct()
    return not any(address is None or network_of(address) == network_of(ip) for address in seen)


def network_of(address: str) -> str:
    """The network around an address."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return str(ipaddress.ip_network((ip, NETWORK_BITS[ip.version]), strict=False))
