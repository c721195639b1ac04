"""The endpoint of a license's key."""

from typing import ClassVar
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from accounts.tenancy import OrganizationView
from coditect.api import throttling
from coditect.api.credentials import Scopes
from coditect.api.results import Created
from coditect.api.schema.description import created, describe
from coditect.errors import Forbidden
from licenses import answers_keys
from licenses.serializers import keys as shapes
from licenses.services.acquire import LicenseNotFound
from licenses.services.life import RevocationIsFinal
from licenses.services.rotate_key import rotate_key


class RotateKeyView(OrganizationView):
    """Give a license another key."""

    scopes: ClassVar[Scopes] = {"post": "manage:licenses"}
    limit: ClassVar[throttling.Category] = throttling.LICENSE_OPERATIONS

    @describe(
        "rotate_license_key",
        "Rotate a license's key",
        tag="Licenses",
        request=shapes.RotateKeySerializer,
        answers=[created(answers_keys.RotatedKeyBody)],
        errors=[Forbidden, LicenseNotFound, RevocationIsFinal],
        example={"grace_days": 7},
    )
    def post(self, request: Request, license_id: UUID) -> Created:
        """A new key at once; the old one works until its grace is over, and answers `revoked` after it.

        Seats in use stay in use, and their heartbeats tell the new key. For admins and owners.
        """
        by = self.administrator
        wanted = self.read(shapes.RotateKeySerializer)
        rotated = rotate_key(license_id=license_id, within=by.organization, now=timezone.now(), **wanted)
        return Created(shapes.present_rotated_key(rotated, membership=by))
