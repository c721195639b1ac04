"""The headers of our answers, as components."""

from http import HTTPStatus

from coditect.api.schema.shapes import Schema

WHOLE: Schema = {"type": "integer", "minimum": 0}
COMPONENTS: dict[str, Schema] = {
    "RequestId": {
        "description": "The request's id; support asks for it.",
        "required": True,
        "schema": {"type": "string", "pattern": "^req_[0-9a-f]{24}$"},
    },
    "RateLimitLimit": {
        "description": "How many requests a minute pass. Missing while limits are off.",
        "schema": WHOLE,
    },
    "RateLimitRemaining": {"description": "How many are left of this minute.", "schema": WHOLE},
    "RateLimitReset": {"description": "When the minute ends, in seconds since the epoch.", "schema": WHOLE},
    "RetryAfter": {"description": "Try again after so many seconds.", "required": True, "schema": WHOLE},
    "Authenticate": {"description": "RFC 6750.", "required": True, "schema": {"const": "Bearer"}},
    "IdempotencyReplayed": {
        "description": "This is the answer to an earlier request with the same Idempotency-Key; nothing happened now.",
        "schema": {"const": "true"},
    },
}
IDEMPOTENCY_KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": (
        "Draw a new one for each thing that is to happen, and send it along with every try: once it has happened, a "
        "further try within 24 hours gets the same answer. A refused request leaves its key free."
    ),
    "schema": {"type": "string", "pattern": "^[ -~]{1,255}$"},
}
ALWAYS = {"X-Request-ID": "RequestId"}
LIMITED = {
    "X-RateLimit-Limit": "RateLimitLimit",
    "X-RateLimit-Remaining": "RateLimitRemaining",
    "X-RateLimit-Reset": "RateLimitReset",
}
BY_STATUS: dict[int, dict[str, str]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "Authenticate"},
    HTTPStatus.TOO_MANY_REQUESTS: {"Retry-After": "RetryAfter"},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "RetryAfter"},
}


def headers_of(status: int, *, is_limited: bool, takes_key: bool = False) -> dict[str, Schema]:
    """References to the headers of an answer."""
    names = ALWAYS | (LIMITED if is_limited else {}) | BY_STATUS.get(status, {})
    if takes_key and status < HTTPStatus.BAD_REQUEST:
        names |= {"Idempotency-Replayed": "IdempotencyReplayed"}
    return {header: {"$ref": f"#/components/headers/{name}"} for header, name in sorted(names.items())}
