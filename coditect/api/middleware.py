"""What happens to every request before its view: an id, an origin for the journal, and the refusal of plain HTTP."""

import secrets
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from coditect.api import errors
from coditect.api.client import client_ip, set_request_id
from coditect.api.problems import Problem
from coditect.journal.origin import Origin, acting_from

NextHandler = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Gives each request an id, which its response and its journal entries carry."""

    def __init__(self, get_response: NextHandler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with X-Request-ID."""
        request_id = f"req_{secrets.token_hex(12)}"
        set_request_id(request, request_id)
        with acting_from(Origin(request_id=request_id, ip=client_ip(request))):
            response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class HttpsOnlyMiddleware:
    """Refuses plain HTTP outside development; a redirect would let the token cross the wire in clear first."""

    def __init__(self, get_response: NextHandler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer 403 `https_required` to plain HTTP."""
        if not settings.REQUIRE_HTTPS or request.is_secure():
            return self.get_response(request)
        problem = Problem(status=HTTPStatus.FORBIDDEN, code="https_required", message="Use HTTPS.")
        return errors.dialect_of(request).render_error(problem, request)
