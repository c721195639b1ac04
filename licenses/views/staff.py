"""Endpoints for the staff of the service, who act on the licenses of every organization."""

from typing import cast
from uuid import UUID

from accounts.models import User
from accounts.tenancy import OrganizationView, requested_organization
from coditect.errors import Forbidden
from licenses.services.acquire import LicenseNotFound
from licenses.views.licenses import visible_licenses


class StaffView(OrganizationView):
    """An endpoint that only staff may use; nobody else learns more than that they may not. Closed to API tokens."""

    def admit_staff(self, license_id: UUID) -> None:
        """Let staff pass. Raises Forbidden for those who see the license, LicenseNotFound for all others.

        Whatever organization the header names, the license's own counts for staff; it must be an id all the same, else
        OrganizationNotFound.
        """
        requested_organization(self.request)
        if cast("User", self.request.user).is_staff:
            return
        if visible_licenses(self).filter(pk=license_id).exists():
            raise Forbidden
        raise LicenseNotFound
