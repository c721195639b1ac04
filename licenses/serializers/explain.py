"""Shapes of explanations."""

from typing import Any

from django.http import HttpRequest
from rest_framework import serializers

from coditect.api.queries import InvalidQuery
from licenses.services.explain import Check, Explanation


class ExplainQuery(serializers.Serializer[Any]):
    """Which machine asks, and whose."""

    hardware_id = serializers.CharField(max_length=128)
    user_id = serializers.UUIDField(required=False, help_text="Who asks at it; else the caller.")


def read_query(request: HttpRequest) -> dict[str, Any]:
    """The query's parameters. Raises InvalidQuery."""
    query = ExplainQuery(data=request.GET.dict())
    unknown = sorted(set(request.GET) - set(query.fields))
    if unknown:
        raise InvalidQuery(unknown[0], f"Unknown query parameter: {unknown[0]!r}.")
    if not query.is_valid():
        name, messages = next(iter(query.errors.items()))
        raise InvalidQuery(name, str(messages[0]))
    return dict(query.validated_data)


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
