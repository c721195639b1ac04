"""What differs between the flat API (/api/v1/…/) and the enveloped one (/v1/…), behind one interface."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse

from coditect.api.encoding import json_response
from coditect.api.problems import Problem
from coditect.api.results import Created, Deleted, Listing


class Dialect(ABC):
    """One way to speak the API: its paths, its success and error bodies, its paging."""

    name: ClassVar[str]
    prefix: ClassVar[str]
    slash: ClassVar[str]

    @abstractmethod
    def success_body(self, data: dict[str, Any], request: HttpRequest) -> dict[str, Any]:
        """The body around one object."""

    @abstractmethod
    def list_body(self, listing: Listing, request: HttpRequest) -> dict[str, Any]:
        """The page of a list that the request asks for. Raises InvalidQuery."""

    @abstractmethod
    def error_body(self, problem: Problem, request: HttpRequest, extra: dict[str, Any]) -> dict[str, Any]:
        """The body of a failure; `extra` is what the endpoint adds for clients that read only the body."""

    @abstractmethod
    def error_status(self, problem: Problem) -> int:
        """The status of a failure."""

    @abstractmethod
    def deleted(self, result: Deleted, request: HttpRequest) -> HttpResponse:
        """The answer where there is nothing to say."""

    def render(self, result: object, request: HttpRequest) -> HttpResponse:
        """The response for what a view returned: a dict, a Created, a Deleted or a Listing."""
        if isinstance(result, dict):
            return json_response(self.success_body(result, request), status=200)
        if isinstance(result, HttpResponse):
            return result
        if isinstance(result, Deleted):
            return self.deleted(result, request)
        if isinstance(result, Listing):
            return json_response(self.list_body(result, request), status=200)
        if isinstance(result, Created):
            return json_response(self.success_body(result.data, request), status=201)
        raise TypeError(f"A view returned {type(result).__name__}.")

    def render_error(self, problem: Problem, request: HttpRequest, extra: dict[str, Any] | None = None) -> HttpResponse:
        """The response for a failure."""
        response = json_response(self.error_body(problem, request, extra or {}), status=self.error_status(problem))
        for name, value in problem.headers.items():
            response[name] = value
        return response
