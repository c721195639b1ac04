"""Endpoints of a license's life: organizations suspend and reinstate, the staff of the service does the rest."""

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from accounts.services.organizations import OrganizationNotFound
from accounts.tenancy import OrganizationView
from coditect.api import throttling
from coditect.api.credentials import LOGIN_ONLY, Scopes
from coditect.api.schema.description import Answer, describe
from coditect.errors import DomainError, Forbidden
from licenses.answers_life import LicenseLifeBody
from licenses.serializers import life as shapes
from licenses.services.acquire import LicenseNotFound
from licenses.services.life import (
    RevocationIsFinal,
    SuspensionStands,
    reinstate_license,
    renew_license,
    revoke_license,
    suspend_license,
)
from licenses.services.transfer import transfer_license
from licenses.views.staff import StaffView

TAG = "Licenses"
SOME_ID = "6f9619ff-8b86-4011-b42d-00cf4fc964ff"
ERRORS: Sequence[type[DomainError]] = (Forbidden, LicenseNotFound, RevocationIsFinal)


class SuspendView(OrganizationView):
    """Let a license rest."""

    scopes: ClassVar[Scopes] = {"post": "manage:licenses"}
    limit: ClassVar[throttling.Category] = throttling.LICENSE_OPERATIONS

    @describe(
        "suspend_license",
        "Suspend a license",
        tag=TAG,
        request=shapes.ReasonSerializer,
        answers=[Answer(LicenseLifeBody)],
        errors=ERRORS,
        example={"reason": "The project has ended."},
    )
    def post(self, request: Request, license_id: UUID) -> dict[str, Any]:
        """No seat can be taken any more, and none in use is renewed: heartbeats say `revoking`, until `expires_at`.

        For admins and owners. Twice is the same as once.
        """
        by, now = self.administrator, timezone.now()
        wanted = self.read(shapes.ReasonSerializer)
        license = suspend_license(license_id=license_id, within=by.organization, now=now, **wanted)
        return shapes.present_life(license, membership=by, now=now)


class ReinstateView(OrganizationView):
    """Let a suspended license work again."""

    scopes: ClassVar[Scopes] = {"post": "manage:licenses"}
    limit: ClassVar[throttling.Category] = throttling.LICENSE_OPERATIONS

    @describe(
        "reinstate_license",
        "Reinstate a license",
        tag=TAG,
        request=shapes.ReasonSerializer,
        answers=[Answer(LicenseLifeBody)],
        errors=[*ERRORS, SuspensionStands],
        example={"reason": "The project goes on."},
    )
    def post(self, request: Request, license_id: UUID) -> dict[str, Any]:
        """Lift the organization's own suspension; seats still in use are renewed again, the oldest first.

        What was suspended for an unpaid bill, or by the operator of the service, stays suspended. For admins and
        owners. Twice is the same as once.
        """
        by, now = self.administrator, timezone.now()
        wanted = self.read(shapes.ReasonSerializer)
        license = reinstate_license(license_id=license_id, within=by.organization, now=now, **wanted)
        return shapes.present_life(license, membership=by, now=now)


class RevokeView(StaffView):
    """Take a license back."""

    scopes: ClassVar[Scopes] = {"post": LOGIN_ONLY}
    limit: ClassVar[throttling.Category] = throttling.LICENSE_OPERATIONS

    @describe(
        "revoke_license",
        "Revoke a license",
        tag=TAG,
        request=shapes.RevokeSerializer,
        answers=[Answer(LicenseLifeBody)],
        errors=[Forbidden, LicenseNotFound],
        example={"reason": "The contract was cancelled.", "immediately": False},
    )
    def post(self, request: Request, license_id: UUID) -> dict[str, Any]:
        """For good, whosever it is. For the staff of the service. Twice is the same as once."""
        self.admit_staff(license_id)
        now = timezone.now()
        license = revoke_license(license_id=license_id, now=now, **self.read(shapes.RevokeSerializer))
        return shapes.present_life(license, membership=None, now=now)


class RenewView(StaffView):
    """Let a license last longer."""

    scopes: ClassVar[Scopes] = {"post": LOGIN_ONLY}
    limit: ClassVar[throttling.Category] = throttling.LICENSE_OPERATIONS

    @describe(
        "renew_license",
        "Renew a license",
        tag=TAG,
        request=shapes.RenewSerializer,
        answers=[Answer(LicenseLifeBody)],
        errors=ERRORS,
        example={"expires_at": "2099-01-01T00:00:00Z"},
    )
    def post(self, request: Request, license_id: UUID) -> dict[str, Any]:
        """Until the given moment, or for ever; also one that has expired. For the staff of the service."""
        self.admit_staff(license_id)
        now = timezone.now()
        license = renew_license(license_id=license_id, now=now, **self.read(shapes.RenewSerializer))
        return shapes.present_life(license, membership=None, now=now)


class TransferView(StaffView):
    """Hand a license over."""

    scopes: ClassVar[Scopes] = {"post": LOGIN_ONLY}
    limit: ClassVar[throttling.Category] = throttling.LICENSE_OPERATIONS

    @describe(
        "transfer_license",
        "Transfer a license to another organization",
        tag=TAG,
        request=shapes.TransferSerializer,
        answers=[Answer(LicenseLifeBody)],
        errors=[*ERRORS, OrganizationNotFound],
        example={"organization_id": SOME_ID},
    )
    def post(self, request: Request, license_id: UUID) -> dict[str, Any]:
        """Seats of those who may hold none there end at once, and past sessions stay hidden from the new organization.

        The key stays the same. For the staff of the service. Twice is the same as once.
        """
        self.admit_staff(license_id)
        now = timezone.now()
        license = transfer_license(license_id=license_id, now=now, **self.read(shapes.TransferSerializer))
        return shapes.present_life(license, membership=None, now=now)
