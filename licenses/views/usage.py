"""Endpoints of usage."""

from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from accounts.tenancy import OrganizationView
from coditect.api.credentials import Scopes
from coditect.api.queries import read_query
from coditect.api.schema.description import Answer, describe
from coditect.errors import Forbidden
from licenses import answers_usage as answers
from licenses.serializers import usage as shapes
from licenses.services.acquire import LicenseNotFound
from licenses.services.usage import RangeInvalid, TooManyBuckets, Usage, usage_of

TAG = "Usage"
ERRORS = [Forbidden, LicenseNotFound, RangeInvalid, TooManyBuckets]
MEDIA_TYPE = "text/csv"


class UsageView(OrganizationView):
    """How a license was used."""

    scopes: ClassVar[Scopes] = {"get": "read:licenses"}

    @describe(
        "show_usage",
        "Show how a license was used",
        tag=TAG,
        query=shapes.UsageQuery,
        answers=[Answer(answers.UsageBody)],
        errors=ERRORS,
    )
    def get(self, request: Request, license_id: UUID) -> dict[str, Any]:
        """Peak and average of its seats, refusals, users and machines: by hour, day, week or month, and in total.

        For admins and owners. At most 1000 buckets. Figures of the last minutes may still change: a session that runs
        out is known to have done so half a minute later.
        """
        return shapes.present_usage(self.usage(request, license_id))

    def usage(self, request: Request, license_id: UUID) -> Usage:
        """What is asked for."""
        by = self.administrator
        asked = shapes.asked_range(read_query(shapes.UsageQuery, request))
        return usage_of(license_id=license_id, within=by.organization, now=timezone.now(), **asked)


class ExportUsageView(UsageView):
    """The same as a file for spreadsheets."""

    @describe(
        "export_usage",
        "Export how a license was used, as CSV",
        tag=TAG,
        query=shapes.UsageQuery,
        answers=[Answer(answers.UsageFileBody, media_type=MEDIA_TYPE, is_enveloped=False)],
        errors=ERRORS,
    )
    def get(self, request: Request, license_id: UUID) -> HttpResponse:  # type: ignore[override]  # bytes, not a dict
        """The buckets, one a line, the same bytes in both dialects; texts cannot be taken for formulas."""
        return HttpResponse(
            shapes.usage_csv(self.usage(request, license_id)),
            content_type=f"{MEDIA_TYPE}; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="usage-{license_id}.csv"',
                "X-Content-Type-Options": "nosniff",
            },
        )
