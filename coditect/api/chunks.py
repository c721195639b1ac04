"""Bodies sent in chunks, without a Content-Length (RFC 9112, section 7.1): Django would take them for empty."""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from django.conf import settings

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def with_chunks_read(application: Application) -> Application:
    """The same WSGI application, which meets every body with its length.

    Reads one byte more than a request may have, so that a longer body is refused like any other that is too large.
    """

    def answer(request: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        # gunicorn says so where its input ends by itself; without that word reading on would never end.
        if "HTTP_TRANSFER_ENCODING" in request and request.get("wsgi.input_terminated"):
            body = request["wsgi.input"].read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
            request["wsgi.input"], request["CONTENT_LENGTH"] = BytesIO(body), str(len(body))
        return application(request, start_response)

    return answer
