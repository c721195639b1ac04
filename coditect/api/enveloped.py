"""The enveloped dialect of the API reference: /v1/…, everything under `data` or `error`, with `meta`."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse

from coditect.api.client import request_id
from coditect.api.dialects import Dialect
from coditect.api.pagination import cursor_page
from coditect.api.problems import Problem
from coditect.api.results import Deleted, Listing


class Enveloped(Dialect):
    """See the module."""

    name = "enveloped"
    prefix = "v1/"
    slash = ""

    def success_body(self, data: dict[str, Any], request: HttpRequest) -> dict[str, Any]:
        """The object under `data`."""
        return {"data": data, "meta": self._meta(request)}

    def list_body(self, listing: Listing, request: HttpRequest) -> dict[str, Any]:
        """The rows under `data`, and the cursor of the next page."""
        page = cursor_page(listing, request, default=20, maximum=100)
        return {
            "data": listing.present(page.rows),
            "pagination": {"has_more": page.next_cursor is not None, "next_cursor": page.next_cursor},
            "meta": self._meta(request),
        }

    def error_status(self, problem: Problem) -> int:
        """As it is."""
        return problem.status

    def error_body(self, problem: Problem, request: HttpRequest, extra: dict[str, Any]) -> dict[str, Any]:
        """The failure under `error`; `extra` is for the flat guide's clients only."""
        details = problem.details | ({"errors": problem.errors} if problem.errors else {})
        return {
            "error": {"code": problem.code, "message": problem.message, "details": details},
            "meta": self._meta(request),
        }

    def deleted(self, result: Deleted, request: HttpRequest) -> HttpResponse:
        """A 204."""
        return HttpResponse(status=204)

    @staticmethod
    def _meta(request: HttpRequest) -> dict[str, Any]:
        now = datetime.now(tz=UTC).replace(microsecond=0)
        return {"request_id": request_id(request), "timestamp": now}


ENVELOPED = Enveloped()
