"""The journal learns which administrator acts in the console."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from coditect.journal.origin import acting_as

CONSOLE = "/admin/"


class ConsoleActorMiddleware:
    """Comes after Django's log-in; outside the console that is not even asked."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Record what follows as done by the administrator."""
        if request.path.startswith(CONSOLE) and request.user.is_authenticated:
            acting_as(request.user.pk)
        return self.get_response(request)
