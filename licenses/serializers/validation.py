"""Shapes of validating keys."""

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from coditect.api.fields import TextField
from licenses.models import License
from licenses.services.judge import Verdict

MOST_KEYS = 100


class ValidateSerializer(serializers.Serializer[Any]):
    """What validating a key takes."""

    key_string = TextField(max_length=200)
    hardware_id = TextField(
        max_length=128,
        required=False,
        help_text="Changes nothing: the verdict is the key's. Whether a machine gets a seat, acquire says.",
    )


class ValidateManySerializer(serializers.Serializer[Any]):
    """What validating many keys takes."""

    key_strings = serializers.ListField(child=TextField(max_length=200), allow_empty=False, max_length=MOST_KEYS)


def present_verdict(verdict: Verdict) -> dict[str, Any]:
    """What a key is worth; never whose it is."""
    terms = verdict.terms
    if terms is None:
        worth: dict[str, Any] = {"valid": False, "code": verdict.code, "reason": verdict.reason}
    else:
        worth = {
            "valid": True,
            "license": {
                "tier": terms.tier,
                "status": License.Status.ACTIVE,
                "is_active": True,
                "expiry_date": terms.last_moment,
                "max_seats": terms.max_seats,
                "features": terms.features,
            },
        }
    return worth | {"checked_at": verdict.checked_at, "receipt": verdict.receipt}


def present_verdicts(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """What many keys are worth, in the order in which they were asked for."""
    return {"verdicts": [present_verdict(verdict) for verdict in verdicts]}
