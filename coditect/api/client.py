"""Which request this is, and where it comes from as far as that can be believed."""

import ipaddress
import re
from typing import cast

from django.conf import settings
from django.http import HttpRequest

LOOPBACK = "127.0.0.1"
_WITH_PORT = re.compile(r"\[(?P<v6>[^\]]*)\](:\d+)?|(?P<v4>[^:]*):\d+")


def client_ip(request: HttpRequest) -> str:
    """The client's address: the entry of X-Forwarded-For that the outermost trusted proxy wrote, else the peer's.

    With TRUSTED_PROXIES = n the last n entries come from our own proxies; anything before them is the client's claim.
    Always an address that PostgreSQL takes: an entry that is none counts as missing.
    """
    peer = _address(str(request.META.get("REMOTE_ADDR") or "")) or LOOPBACK
    count: int = settings.TRUSTED_PROXIES
    if not count:
        return peer
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    return (_address(hops[-count]) if len(hops) >= count else None) or peer


def _address(text: str) -> str | None:
    """An address as proxies write it: also with a port, in brackets, with a zone."""
    match = _WITH_PORT.fullmatch(text)
    bare = (match["v6"] or match["v4"] or "") if match else text
    try:
        return str(ipaddress.ip_address(bare.partition("%")[0]))
    except ValueError:
        return None


def set_request_id(request: HttpRequest, request_id: str) -> None:
    """Keep the id that the middleware drew."""
    request.META["coditect.request_id"] = request_id


def request_id(request: HttpRequest) -> str:
    """The request's id, `req_…`."""
    return cast("str", request.META["coditect.request_id"])
