"""Shapes of keys."""

from typing import Any

from accounts.models import Membership
from coditect.api.fields import NumberField
from licenses.serializers.licenses import present_licenses
from licenses.serializers.life import ReasonSerializer
from licenses.services.rotate_key import GRACE_DAYS, LONGEST_GRACE_DAYS, RotatedKey


class RotateKeySerializer(ReasonSerializer):
    """What rotating a key takes."""

    grace_days = NumberField(
        min_value=0,
        max_value=LONGEST_GRACE_DAYS,
        default=GRACE_DAYS,
        help_text="For how many days the old key still works; 0: it stops at once.",
    )


def present_rotated_key(rotated: RotatedKey, *, membership: Membership) -> dict[str, Any]:
    """The license with its new key, and how long the old one works."""
    (license,) = present_licenses([rotated.license], membership=membership, now=rotated.at)
    return license | {"former_key_works_until": rotated.former_key_works_until}
