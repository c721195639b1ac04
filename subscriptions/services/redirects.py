"""Where a page of Stripe's may send people back to: otherwise our checkout could lead to anybody's log-in page."""

import re
from urllib.parse import urlsplit

from django.conf import settings

from coditect.errors import InvalidInput

LONGEST = 2048
# Printable ASCII without what browsers and parsers read in different ways.
PLAIN = re.compile(r"[!-~]+", re.ASCII)
MISREAD = set("\\\"'<>^`|")
USUAL_PORTS = {"http": ":80", "https": ":443"}


def require_redirect(field: str, url: str) -> None:
    """Raise InvalidInput, which names the field, unless the URL leads to an allowed origin."""
    if not is_allowed(url):
        raise InvalidInput(field, "This URL is not at an origin that a checkout may lead back to.")


def is_allowed(url: str) -> bool:
    """Whether a URL is absolute, unambiguous, and at one of the allowed origins."""
    if len(url) > LONGEST or not PLAIN.fullmatch(url) or MISREAD & set(url):
        return False
    origin = origin_of(url)
    if origin is None:
        return False
    allowed = {origin_of(settings.PUBLIC_URL), *map(origin_of, settings.CHECKOUT_REDIRECT_ORIGINS)}
    return origin in allowed or any(
        re.fullmatch(pattern, origin) for pattern in settings.CHECKOUT_REDIRECT_ORIGIN_REGEXES
    )


def origin_of(url: str) -> str | None:
    """Scheme, host and port of an http:// or https:// URL; None for any other, and with a user in it (RFC 6454)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    scheme, place = parts.scheme.lower(), parts.netloc.lower()
    if scheme not in USUAL_PORTS or not place or "@" in place or not url.lower().startswith(f"{scheme}://{place}"):
        return None
    return f"{scheme}://{place.removesuffix(USUAL_PORTS[scheme])}"
