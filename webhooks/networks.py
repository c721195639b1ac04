"""Which addresses a webhook is never sent to: whatever is not plainly somebody else's server on the public internet.

From IANA's registries of special-purpose addresses (RFC 6890) and what clouds serve to their own machines alone.
Python's `is_global` is not used: it calls multicast and NAT64 global, and each release sees more in another way.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Where a receiver may be in development, when WEBHOOK_ALLOW_PRIVATE is set: this machine and its own network.
PRIVATE: tuple[Network, ...] = (
    IPv4Network("127.0.0.0/8"),
    IPv4Network("10.0.0.0/8"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.168.0.0/16"),
    IPv6Network("::1/128"),
    IPv6Network("fc00::/7"),
)
NEVER_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # "this" network; Linux connects to itself (RFC 791)
            "100.64.0.0/10",  # carrier-grade NAT (RFC 6598), Alibaba's metadata
            "169.254.0.0/16",  # link-local (RFC 3927), metadata of most clouds
            "168.63.129.16/32",  # Azure's agent, on an address that looks public
            "192.0.0.0/24",  # IETF protocol assignments (RFC 6890), Oracle's metadata
            "192.0.2.0/24",  # documentation (RFC 5737)
            "192.31.196.0/24",  # AS112 (RFC 7535)
            "192.52.193.0/24",  # automatic multicast tunnelling (RFC 7450)
            "192.88.99.0/24",  # relays of 6to4 (RFC 7526)
            "192.175.48.0/24",  # AS112 (RFC 7534)
            "198.18.0.0/15",  # benchmarking (RFC 2544)
            "198.51.100.0/24",  # documentation (RFC 5737)
            "203.0.113.0/24",  # documentation (RFC 5737)
            "224.0.0.0/4",  # multicast (RFC 5771)
            "240.0.0.0/4",  # reserved, and broadcast (RFC 1112)
        ),
    )
)
# All that was ever given out; beyond it are mapped and compatible IPv4, NAT64, local, multicast and reserved addresses.
UNICAST_V6 = IPv6Network("2000::/3")
NEVER_V6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # IETF protocol assignments: Teredo, benchmarking, ORCHID (RFC 2928)
            "2001:db8::/32",  # documentation (RFC 3849)
            "2002::/16",  # 6to4: an IPv4 address in disguise (RFC 3056)
            "2620:4f:8000::/48",  # AS112 (RFC 7534)
            "3ffe::/16",  # the former test network (RFC 3701)
            "3fff::/20",  # documentation (RFC 9637)
        ),
    )
)
# The last 64 bits of an ISATAP address (RFC 5214): 0000:5efe or 0200:5efe, then an IPv4 address in disguise.
ISATAP, ISATAP_MASK = 0x0000_5EFE, 0xFDFF_FFFF


def is_refused(address: Address, *, allow_private: bool) -> bool:
    """Whether nothing may be sent there. `allow_private` lets this machine and private networks in."""
    if any(address in network for network in PRIVATE):
        return not allow_private
    if isinstance(address, IPv4Address):
        return any(address in network for network in NEVER_V4)
    if address not in UNICAST_V6 or any(address in network for network in NEVER_V6):
        return True
    return (int(address) >> 32) & ISATAP_MASK == ISATAP
