"""Shapes of explanations."""

from typing import Any

from rest_framework import serializers

from licenses.services.explain import Check, Explanation


class ExplainQuery(serializers.Serializer[Any]):
    """Which machine asks, and whose."""

    hardware_id = serializers.CharField(max_length=128)
    user_id = serializers.UUIDField(required=False, help_text="Who asks at it; else the caller.")


def present_explanation(explanation: Explanation) -> dict[str, Any]:
    """What was found, check by check."""
    refusal = explanation.refusal
    return {
        "license_id": explanation.license_id,
        "user_id": explanation.machine.user_id,
        "hardware_id": explanation.machine.hardware_id,
        "would_succeed": refusal is None,
        "code": refusal.code if refusal else None,
        "checks": [_present_check(check) for check in explanation.checks],
        "checked_at": explanation.at,
    }


def _present_check(check: Check) -> dict[str, Any]:
    return {
        "check": check.name,
        "ok": check.refusal is None,
        "code": check.refusal.code if check.refusal else None,
        "message": check.message,
        "details": check.details,
        "help": check.help or None,
    }
