"""Failures outside a view: the dialect is told by the path."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views import defaults

from coditect.api.dialects import Dialect
from coditect.api.enveloped import ENVELOPED
from coditect.api.flat import FLAT
from coditect.api.problems import from_exception, internal_error, malformed, not_found

CONSOLE = "/admin/"


def dialect_of(request: HttpRequest) -> Dialect:
    """The dialect of a path; whatever is not below /v1 speaks flat."""
    is_enveloped = request.path == "/v1" or request.path.startswith("/v1/")
    return ENVELOPED if is_enveloped else FLAT


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's handler404."""
    if request.path.startswith(CONSOLE):
        return defaults.page_not_found(request, exception)
    return dialect_of(request).render_error(not_found(), request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400: a bad Host, a body that is too large."""
    problem = from_exception(exception) or malformed("The request cannot be read.")
    return dialect_of(request).render_error(problem, request)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Django's handler500."""
    if request.path.startswith(CONSOLE):
        return defaults.server_error(request)
    return dialect_of(request).render_error(internal_error(), request)
