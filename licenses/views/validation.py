"""Is a key good? For CI scripts, without log-in."""

from typing import Any, ClassVar

from django.utils import timezone
from rest_framework.request import Request

from coditect.api import throttling
from coditect.api.problems import Problem
from coditect.api.schema.description import Answer, describe
from coditect.api.views import PublicView
from licenses import answers
from licenses.serializers import validation as shapes
from licenses.services.validate import validate_key

TAG = "Licenses"


class ValidateView(PublicView):
    """Is a key good? For CI scripts, without log-in."""

    limit: ClassVar[throttling.Category] = throttling.VALIDATION

    @describe(
        "validate_license",
        "Check a license key",
        tag=TAG,
        request=shapes.ValidateSerializer,
        answers=[Answer(answers.VerdictBody)],
        example={"key_string": "PROD-2025-ABCD-1234"},
    )
    def post(self, request: Request) -> dict[str, Any]:
        """The verdict, always a 200."""
        key = self.read(shapes.ValidateSerializer)["key_string"]
        return shapes.present_verdict(validate_key(key, now=timezone.now()))

    def error_extra(self, problem: Problem) -> dict[str, Any]:
        """The published scripts read `valid` and `reason` from whatever comes back."""
        return {"valid": None, "reason": problem.message}
