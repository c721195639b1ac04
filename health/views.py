"""Endpoints of health."""

from datetime import datetime
from http import HTTPStatus
from typing import Any, Literal, TypedDict

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from coditect.api.encoding import json_response
from coditect.api.problems import RETRY_AFTER_SECONDS
from coditect.api.schema.description import Answer, describe
from coditect.api.views import PublicView
from health.services import check_readiness

TAG = "Health"


class HealthBody(TypedDict):
    """The process is alive."""

    status: Literal["healthy"]
    timestamp: datetime
    service: str
    version: str


class ReadyBody(TypedDict):
    """It can serve; `degraded` names the parts without which it does."""

    status: Literal["ready"]
    timestamp: datetime
    checks: dict[str, str]
    degraded: list[str]


class NotReadyBody(TypedDict):
    """It cannot serve, and why."""

    status: Literal["not_ready"]
    timestamp: datetime
    checks: dict[str, str]
    error: str


class UnlimitedView(PublicView):
    """An endpoint that monitors poll."""

    def rate_limits(self, request: Request) -> list[Any]:
        """None."""
        return []


class HealthView(UnlimitedView):
    """Is the process alive?"""

    @describe("get_health", "Alive?", tag=TAG, answers=[Answer(HealthBody)], is_limited=False, needs_database=False)
    def get(self, request: Request) -> dict[str, Any]:
        """Touches nothing."""
        return {
            "status": "healthy",
            "timestamp": timezone.now(),
            "service": "coditect-license-platform",
            "version": settings.CODITECT_VERSION,
        }


class ReadyView(UnlimitedView):
    """Can it serve?"""

    @describe(
        "get_readiness",
        "Ready?",
        tag=TAG,
        answers=[Answer(ReadyBody), Answer(NotReadyBody, HTTPStatus.SERVICE_UNAVAILABLE)],
        is_limited=False,
        needs_database=False,
    )
    def get(self, request: Request) -> HttpResponse:
        """A 503 only where the database is away or not migrated; without Redis or a worker we still serve."""
        readiness = check_readiness(now=timezone.now())
        body: dict[str, Any] = {
            "status": "ready" if readiness.is_ready else "not_ready",
            "timestamp": timezone.now(),
            "checks": readiness.checks,
        }
        if settings.CODITECT_INSTANCE:
            self.headers["X-Coditect-Instance"] = settings.CODITECT_INSTANCE
        if readiness.is_ready:
            return json_response(
                self.dialect.success_body(body | {"degraded": readiness.degraded}, request), status=200
            )
        self.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return json_response(self.dialect.success_body(body | {"error": readiness.error}, request), status=503)
