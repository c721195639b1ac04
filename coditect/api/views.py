"""The view that speaks both dialects: authenticate, limit, read, one handler, answer in the dialect of the path."""

import logging
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, ClassVar, TypeVar, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.views import APIView

from coditect.api import idempotency, throttling
from coditect.api.client import request_id
from coditect.api.credentials import Scopes, require_scope
from coditect.api.dialects import Dialect
from coditect.api.flat import FLAT
from coditect.api.parsers import StrictJSONParser
from coditect.api.problems import Problem, from_exception, internal_error
from coditect.api.schema.description import description_of
from coditect.errors import DomainError, Unauthenticated

logger = logging.getLogger(__name__)
SerializerType = TypeVar("SerializerType", bound=serializers.Serializer[Any])


class ApiView(APIView):
    """An endpoint: handlers take the request and the path's values and return plain data (see results.py)."""

    dialect: Dialect = FLAT
    limit: ClassVar[throttling.Category] = throttling.DEFAULT
    # What each method asks of an API token; a method that is not named here is closed to them.
    scopes: ClassVar[Scopes] = {}
    http_method_names = ["get", "head", "post", "patch", "put", "delete"]
    # For the API's description: what every operation of the view may raise, and the headers that it reads.
    errors: ClassVar[Sequence[type[DomainError]]] = ()
    request_headers: ClassVar[dict[str, dict[str, Any]]] = {}
    # Made once, not for every request as DRF does: with its own dispatch a heartbeat costs half as much again.
    parsers: list[BaseParser] = [StrictJSONParser()]
    authenticators: list[BaseAuthentication] = [import_string(name)() for name in settings.API_AUTHENTICATION]
    negotiator = DefaultContentNegotiation()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, whatever happens, in this view's dialect."""
        self.headers: dict[str, str] = {}
        self.request = Request(
            request, parsers=self.parsers, authenticators=self.authenticators, negotiator=self.negotiator
        )
        try:
            response = self.dialect.render(self._handle(self.request, kwargs), request)
        except Exception as error:
            problem = from_exception(error)
            if problem is None:
                logger.exception("unhandled error", extra={"path": request.path})
                problem = internal_error()
            if problem.status == HTTPStatus.FORBIDDEN:
                # No path: it may hold what the caller typed.
                logger.warning("refused: %s to %s, %s", problem.code, request_id(request), type(self).__name__)
            response = self._render_problem(problem)
        for name, value in self.headers.items():
            response[name] = value
        # What is somebody's own stays in no cache; an endpoint whose answer is everybody's says so.
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def _handle(self, request: Request, kwargs: dict[str, Any]) -> Any:
        method = (request.method or "").lower()
        handler = getattr(self, method, None)
        if handler is None or method not in self.http_method_names:
            self.headers["Allow"] = ", ".join(self.allowed_methods)
            raise MethodNotAllowed(method.upper())
        if self.authenticators and request.user is None:
            raise Unauthenticated
        if limits := self.rate_limits(request):
            self.headers |= throttling.check(limits)
        if self.authenticators:
            require_scope(request, self.scopes)
        if request.META.get("CONTENT_LENGTH", "0") not in {"", "0"}:
            request.data  # noqa: B018 (a body of another type is a 415 also where no handler reads it)
        if method == "post" and (key := self._idempotency_key(request, handler)):
            return self._answer_once(request, key, handler, kwargs)
        return handler(request, **kwargs)

    @staticmethod
    def _idempotency_key(request: Request, handler: Callable[..., Any]) -> str | None:
        """The key of a request for what must not happen twice; where that does no harm, none is looked at."""
        description = description_of(handler)
        return idempotency.read_key(request) if description is not None and description.takes_key else None

    def _answer_once(self, request: Request, key: str, handler: Callable[..., Any], kwargs: dict[str, Any]) -> Any:
        before = dict(self.headers)

        def answer() -> idempotency.Answered:
            result = handler(request, **kwargs)
            return idempotency.Answered(result=result, headers=dict(self.headers.items() - before.items()))

        description = description_of(handler)
        asks_others = description is not None and description.charges
        once = idempotency.answer_once_outside if asks_others else idempotency.answer_once
        answered = once(request, key, answer, caller=self.key_owner(request))
        if answered.is_replay:
            self.headers |= {**answered.headers, idempotency.REPLAYED: "true"}
        return answered.result

    def rate_limits(self, request: Request) -> Sequence[throttling.Limit]:
        """The limits that this request counts against."""
        return [self.limit.for_request(request)]

    def key_owner(self, request: Request) -> str:
        """Whose Idempotency-Keys these are."""
        return idempotency.caller_of(request)

    def error_extra(self, problem: Problem) -> dict[str, Any]:
        """Fields that this endpoint adds to a flat error, for clients that look only at the body."""
        return {}

    @property
    def body(self) -> dict[str, Any]:
        """The body as sent; empty where there was none."""
        return cast("dict[str, Any]", self.request.data)

    def read(self, serializer_class: type[SerializerType]) -> dict[str, Any]:
        """The body, validated. Raises ValidationError."""
        serializer = serializer_class(data=self.body, context={"request": self.request})
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def _render_problem(self, problem: Problem) -> HttpResponse:
        return self.dialect.render_error(problem, self.request, self.error_extra(problem))


class PublicView(ApiView):
    """An endpoint without log-in; it ignores whatever Authorization header comes along."""

    authenticators: list[BaseAuthentication] = []
