"""A URLconf whose endpoints fail in ways that no real one should."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework.request import Request

from coditect.api.dialects import Dialect
from coditect.api.routers import DIALECTS, Router
from coditect.api.views import PublicView
from coditect.urls import handler400, handler404, handler500

__all__ = ["handler400", "handler404", "handler500", "urlpatterns"]

SECRET = "the password is hunter2"


class CrashView(PublicView):
    """Has a defect."""

    def get(self, request: Request) -> dict[str, Any]:
        """Raise what nobody catches."""
        raise RuntimeError(SECRET)


class WrongTypeView(PublicView):
    """Answers what no dialect can put into words."""

    def get(self, request: Request) -> object:
        """Return no result."""
        return object()


class UnwritableView(PublicView):
    """Answers something that JSON does not know."""

    def get(self, request: Request) -> dict[str, Any]:
        """Return a set."""
        return {"value": {SECRET}}


def crash_outside(request: HttpRequest) -> HttpResponse:
    """A defect below Django, not in an endpoint of ours."""
    raise RuntimeError(SECRET)


def outside(dialect: Dialect) -> str:
    """Where `crash_outside` is mounted for a dialect."""
    return f"{dialect.prefix}outside{dialect.slash}"


router = Router()
router.add("crash", CrashView, name="crash")
router.add("wrong-type", WrongTypeView, name="wrong-type")
router.add("unwritable", UnwritableView, name="unwritable")

urlpatterns = [
    *(router.mount(dialect) for dialect in DIALECTS),
    *(path(outside(dialect), crash_outside) for dialect in DIALECTS),
]
