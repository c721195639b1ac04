"""Which request this is, and where it comes from as far as that can be believed."""

from typing import cast

from django.conf import settings
from django.http import HttpRequest


def client_ip(request: HttpRequest) -> str:
    """The client's address: the entry of X-Forwarded-For that the outermost trusted proxy wrote, else the peer's.

    With TRUSTED_PROXIES = n the last n entries come from our own proxies; anything before them is the client's claim.
    """
    peer = str(request.META.get("REMOTE_ADDR") or "127.0.0.1")
    count: int = settings.TRUSTED_PROXIES
    if not count:
        return peer
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    return str(hops[-count]) if len(hops) >= count else peer


def set_request_id(request: HttpRequest, request_id: str) -> None:
    """Keep the id that the middleware drew."""
    request.META["coditect.request_id"] = request_id


def request_id(request: HttpRequest) -> str:
    """The request's id, `req_…`."""
    return cast("str", request.META["coditect.request_id"])
