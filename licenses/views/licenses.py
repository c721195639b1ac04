"""Endpoints of licenses."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from accounts.tenancy import OrganizationView
from coditect.api import throttling
from coditect.api.credentials import Scopes
from coditect.api.results import Listing
from coditect.api.schema.description import Answer, PageOf, describe
from licenses import answers
from licenses.filters import LicenseQuery
from licenses.models import License, LicenseQuerySet
from licenses.serializers import licenses as shapes
from licenses.services.acquire import (
    LicenseNotFound,
)

TAG = "Licenses"


class LicenseListView(OrganizationView):
    """The organization's licenses."""

    scopes: ClassVar[Scopes] = {"get": "read:licenses"}
    limit: ClassVar[throttling.Category] = throttling.LICENSE_OPERATIONS

    @describe(
        "list_licenses",
        "List licenses",
        tag=TAG,
        query=LicenseQuery,
        answers=[PageOf("licenses", answers.LicenseBody)],
    )
    def get(self, request: Request) -> Listing:
        """The organization's licenses; viewers see keys masked."""
        query = LicenseQuery(request)
        membership, now = self.membership, timezone.now()
        return Listing(
            key="licenses",
            rows=query.apply(visible_licenses(self)),
            sort=query.sort,
            present=lambda rows: shapes.present_licenses(rows, membership=membership, now=now),
        )


class LicenseView(OrganizationView):
    """One license of the organization."""

    scopes: ClassVar[Scopes] = {"get": "read:licenses"}
    limit: ClassVar[throttling.Category] = throttling.LICENSE_OPERATIONS

    @describe(
        "get_license",
        "Show a license",
        tag=TAG,
        answers=[Answer(answers.LicenseDetailBody)],
        errors=[LicenseNotFound],
    )
    def get(self, request: Request, license_id: UUID) -> dict[str, Any]:
        """Show it, with those who hold its seats."""
        license = visible_licenses(self).filter(pk=license_id).first()
        if license is None:
            raise LicenseNotFound
        return shapes.present_license(license, membership=self.membership, now=timezone.now())


def visible_licenses(view: OrganizationView) -> LicenseQuerySet:
    """The licenses that the caller may see."""
    return License.objects.for_organization(view.membership.organization).with_expiry_date()
