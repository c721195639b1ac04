"""The load balancer's probe, answered before anything that could refuse it: Host, HTTPS, sessions."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

PATH = "/healthz"


class AliveMiddleware:
    """Answers `/healthz` while the process is alive; balancers probe by address, over plain HTTP."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Touches nothing."""
        if request.path == PATH:
            return HttpResponse("ok\n", content_type="text/plain")
        return self.get_response(request)
