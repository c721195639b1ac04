"""The product's paths, and among them an empty view behind the same middleware: the floor under every answer."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLResolver, path

from coditect.api.flat import FLAT
from coditect.urls import handler400, handler404, handler500
from coditect.urls import urlpatterns as product
from tests.bench.layout import EMPTY_PATH

__all__ = ["handler400", "handler404", "handler500", "urlpatterns"]


def empty(request: HttpRequest) -> HttpResponse:
    """As little as Django can do."""
    return HttpResponse(b"{}", content_type="application/json")


# Found like any endpoint: below the API's prefix, where the middleware has most to do, and next to the heartbeat.
api, *others = product
assert isinstance(api, URLResolver)
api.url_patterns.insert(1, path(EMPTY_PATH.removeprefix(f"/{FLAT.prefix}"), empty))
urlpatterns = [api, *others]
