"""The flat dialect of the integration guide: /api/v1/…/, bare objects, never a 204."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse

from coditect.api.dialects import Dialect
from coditect.api.encoding import json_response
from coditect.api.pagination import offset_page
from coditect.api.problems import Problem
from coditect.api.results import Deleted, Listing


class Flat(Dialect):
    """See the module."""

    name = "flat"
    prefix = "api/v1/"
    slash = "/"

    def success_body(self, data: dict[str, Any], request: HttpRequest) -> dict[str, Any]:
        """The object itself."""
        return data

    def list_body(self, listing: Listing, request: HttpRequest) -> dict[str, Any]:
        """Count, links to the neighbours, and the rows under their plural."""
        page = offset_page(listing, request, default=100, maximum=1000)
        return {
            "count": page.count,
            "next": self._link(request, page.next_offset),
            "previous": self._link(request, page.previous_offset),
            listing.key: listing.present(page.rows),
        }

    def error_status(self, problem: Problem) -> int:
        """The guide knows no 422."""
        if problem.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            return HTTPStatus.BAD_REQUEST
        return problem.status

    def error_body(self, problem: Problem, request: HttpRequest, extra: dict[str, Any]) -> dict[str, Any]:
        """`error` and `detail`, with the messages by field where the input was at fault."""
        if problem.errors:
            body: dict[str, Any] = {
                "error": "Validation failed",
                "detail": problem.message,
                "code": "validation_failed",
                "errors": problem.errors,
            }
        else:
            body = {
                "error": HTTPStatus(self.error_status(problem)).phrase,
                "detail": problem.message,
                "code": problem.code,
                "details": problem.details,
            }
        return body | extra

    def deleted(self, result: Deleted, request: HttpRequest) -> HttpResponse:
        """A 200 with a body: the guide's clients parse every success as JSON."""
        return json_response(self.success_body(result.data, request), status=200)

    @staticmethod
    def _link(request: HttpRequest, offset: int | None) -> str | None:
        if offset is None:
            return None
        query = request.GET.copy()
        query["offset"] = str(offset)
        return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


FLAT = Flat()
