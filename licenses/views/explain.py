"""The endpoint that says why a machine gets no seat."""

from typing import Any, ClassVar
from uuid import UUID

from rest_framework.request import Request

from accounts.tenancy import OrganizationView
from coditect.api import throttling
from coditect.api.credentials import Scopes
from coditect.api.queries import InvalidQuery, read_query
from coditect.api.schema.description import Answer, describe
from coditect.errors import Forbidden
from licenses.answers_life import ExplanationBody
from licenses.serializers import explain as shapes
from licenses.services.acquire import LicenseNotFound
from licenses.services.explain import explain_acquire


class ExplainView(OrganizationView):
    """Why would a machine get a seat, or none?"""

    scopes: ClassVar[Scopes] = {"get": "read:licenses"}
    limit: ClassVar[throttling.Category] = throttling.LICENSE_OPERATIONS

    @describe(
        "explain_acquire",
        "Explain why a machine gets a seat, or none",
        tag="Seats",
        query=shapes.ExplainQuery,
        answers=[Answer(ExplanationBody)],
        errors=[Forbidden, LicenseNotFound, InvalidQuery],
    )
    def get(self, request: Request, license_id: UUID) -> dict[str, Any]:
        """Make the checks of an acquire, with their numbers and what would help, and change nothing.

        For admins and owners. `user_id` names whoever asks at the machine, else it is the caller.
        """
        by = self.administrator
        asked = {"user_id": by.user_id, **read_query(shapes.ExplainQuery, request)}
        return shapes.present_explanation(explain_acquire(license_id=license_id, within=by.organization, **asked))
