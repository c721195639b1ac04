"""Shapes of a license's life."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from accounts.models import Membership
from coditect.api.fields import FlagField, IdField, TextField
from licenses.models import PERPETUAL, License
from licenses.serializers.licenses import present_licenses


class ReasonSerializer(serializers.Serializer[Any]):
    """What every change of a license's life takes."""

    reason = TextField(
        max_length=200, required=False, allow_blank=True, help_text="For the audit; the organization reads it, too."
    )


class RevokeSerializer(ReasonSerializer):
    """What revoking takes."""

    immediately = FlagField(
        default=False, help_text="End the seats in use at once, instead of letting what they were promised run out."
    )


class RenewSerializer(ReasonSerializer):
    """What renewing takes."""

    expires_at = serializers.DateTimeField(help_text="The new end; 9999-12-31T23:59:59Z: never.")

    def validate_expires_at(self, value: datetime) -> datetime | None:
        """The end of what never ends is told, and taken, as a date."""
        return value if value < PERPETUAL else None


class TransferSerializer(ReasonSerializer):
    """What a transfer takes."""

    organization_id = IdField(help_text="Who gets it.")


def present_life(license: License, *, membership: Membership | None, now: datetime) -> dict[str, Any]:
    """The license, and who keeps it suspended."""
    (fields,) = present_licenses([license], membership=membership, now=now)
    return fields | {"holds": license.holds}
