"""The endpoint that takes reports of leaked tokens."""

from typing import Any, ClassVar

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from accounts import answers
from accounts.serializers.leaked_tokens import ReportSerializer, present_verdicts, read_reports
from accounts.services.leaked_tokens import NobodyReports, SignatureInvalid, require_signature, revoke_leaked_tokens
from coditect.api.encoding import json_response
from coditect.api.parsers import RawParser
from coditect.api.schema.description import Answer, describe
from coditect.api.views import PublicView

KEY_ID, SIGNATURE = "Github-Public-Key-Identifier", "Github-Public-Key-Signature"
EXAMPLE = {
    "token": "cdt_live_0000000000000000000000000000000000000000",
    "type": "coditect_api_token",
    "url": "https://github.com/octocat/Hello-World/blob/main/.env",
    "source": "content",
}


class LeakedTokensView(PublicView):
    """Takes what secret scanning found."""

    parsers: list[BaseParser] = [RawParser()]
    request_headers: ClassVar[dict[str, dict[str, Any]]] = {
        KEY_ID: {"description": "Which key signed the body.", "required": True, "schema": {"type": "string"}},
        SIGNATURE: {
            "description": "ECDSA over P-256 and SHA-256 of the body, DER in base64.",
            "required": True,
            "schema": {"type": "string"},
        },
    }

    @describe(
        "report_leaked_tokens",
        "Report leaked tokens",
        tag="API tokens",
        request=ReportSerializer,
        takes_many=True,
        answers=[Answer(list[answers.LeakedTokenBody], is_enveloped=False)],
        errors=[NobodyReports, SignatureInvalid],
        example=[EXAMPLE],
    )
    def post(self, request: Request) -> HttpResponse:
        """For GitHub's secret scanning, in its form in both dialects; a list, of which ours are revoked at once."""
        body: bytes = self.body.get("raw", b"")
        require_signature(body, key_id=request.headers.get(KEY_ID, ""), signature=request.headers.get(SIGNATURE, ""))
        reports = read_reports(body)
        known = revoke_leaked_tokens(reports=reports, now=timezone.now())
        return json_response(present_verdicts(reports, known=known), status=200)
