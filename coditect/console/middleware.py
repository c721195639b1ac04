"""The console: the journal learns which administrator acts there, and browsers what its pages may do."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from coditect.journal.origin import acting_as

CONSOLE = "/admin/"
# The console's theme evaluates expressions in its templates' attributes and writes styles into them.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class ConsoleActorMiddleware:
    """Comes after Django's log-in; outside the console that is not even asked."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Record what follows as done by the administrator."""
        if request.path.startswith(CONSOLE) and request.user.is_authenticated:
            acting_as(request.user.pk)
        return self.get_response(request)


class ConsolePolicyMiddleware:
    """Tells browsers what the console's pages may load, and that no page may frame them (CSP level 3)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the policy."""
        response = self.get_response(request)
        if request.path.startswith(CONSOLE):
            response["Content-Security-Policy"] = POLICY
        return response
