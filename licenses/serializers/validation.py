"""Shapes of validating keys."""

from typing import Any

from rest_framework import serializers

from coditect.api.fields import TextField
from licenses.services.validate import Verdict


class ValidateSerializer(serializers.Serializer[Any]):
    """What validating a key takes."""

    key_string = TextField(max_length=200)
    hardware_id = TextField(max_length=128, required=False)


def present_verdict(verdict: Verdict) -> dict[str, Any]:
    """What a key is worth; never whose it is."""
    license = verdict.license
    if license is None:
        return {
            "valid": False,
            "code": verdict.code,
            "reason": verdict.reason,
            "checked_at": verdict.checked_at,
        }
    return {
        "valid": True,
        "license": {
            "tier": license.tier,
            "status": license.status_at(verdict.checked_at),
            "is_active": True,
            "expiry_date": license.last_moment,
            "max_seats": license.max_seats,
            "features": license.features,
        },
        "checked_at": verdict.checked_at,
    }
