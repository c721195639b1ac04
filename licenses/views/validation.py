"""Is a key good?"""

from typing import Any, ClassVar

from django.utils import timezone
from rest_framework.request import Request

from accounts.tenancy import OrganizationView
from coditect.api import throttling
from coditect.api.credentials import Scopes
from coditect.api.problems import Problem
from coditect.api.schema.description import Answer, describe
from coditect.api.views import PublicView
from licenses import answers
from licenses.serializers import validation as shapes
from licenses.services.validate import validate_key, validate_keys

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
        """The verdict, always a 200, with a receipt to go on with while we cannot be asked. See docs/ci.md.

        `hardware_id` changes nothing: the verdict is the key's. Whether a machine gets a seat, acquire says.
        """
        key = self.read(shapes.ValidateSerializer)["key_string"]
        return shapes.present_verdict(validate_key(key, now=timezone.now()))

    def error_extra(self, problem: Problem) -> dict[str, Any]:
        """The published scripts read `valid` and `reason` from whatever comes back."""
        return {"valid": None, "reason": problem.message}


class ValidateManyView(OrganizationView):
    """Are these keys good? For the organization whose they are."""

    scopes: ClassVar[Scopes] = {"post": "read:licenses"}
    limit: ClassVar[throttling.Category] = throttling.LICENSE_OPERATIONS

    @describe(
        "validate_licenses",
        "Check many license keys",
        tag=TAG,
        request=shapes.ValidateManySerializer,
        answers=[Answer(answers.VerdictsBody)],
        example={"key_strings": ["PROD-2025-ABCD-1234", "PROD-2025-EFGH-5678"]},
    )
    def post(self, request: Request) -> dict[str, Any]:
        """A verdict for each of at most 100 keys, in their order. Another organization's key is `not_found`."""
        key_strings = self.read(shapes.ValidateManySerializer)["key_strings"]
        organization = self.membership.organization
        return shapes.present_verdicts(validate_keys(key_strings, organization=organization, now=timezone.now()))
