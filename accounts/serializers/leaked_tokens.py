"""Shapes of reports of leaked tokens, in and out."""

from collections.abc import Collection, Sequence
from typing import Any

from rest_framework import serializers

from accounts.services.api_tokens import hash_token
from accounts.services.leaked_tokens import Report
from coditect.api.fields import TextField
from coditect.api.parsers import read_json


class ReportSerializer(serializers.Serializer[Any]):
    """One report."""

    token = TextField(trim_whitespace=False)
    type = TextField()
    url = TextField(required=False, default="", allow_blank=True)
    source = TextField(required=False, default="", allow_blank=True)  # type: ignore[assignment]  # GitHub's name


def read_reports(body: bytes) -> list[Report]:
    """The reports in a body. Raises ParseError, ValidationError."""
    many = ReportSerializer(data=read_json(body), many=True)
    many.is_valid(raise_exception=True)
    return [Report(**one) for one in many.validated_data]


def present_verdicts(reports: Sequence[Report], *, known: Collection[str]) -> list[dict[str, str]]:
    """Which of the reported texts are, or were, tokens of ours; they are named by their SHA-256, never repeated."""
    return [
        {
            "token_hash": hash_token(report.token),
            "token_type": report.type,
            "label": "true_positive" if hash_token(report.token) in known else "false_positive",
        }
        for report in reports
    ]
