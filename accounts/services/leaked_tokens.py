"""API tokens that somebody found in the open, as GitHub's secret scanning reports them.

https://docs.github.com/en/code-security/secret-scanning/secret-scanning-partner-program
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256
from django.conf import settings
from django.db import transaction

from accounts.models import ApiToken, Membership, Role, User
from accounts.services.api_tokens import ApiTokenNotFound, hash_token, revoke_any_api_token
from coditect.errors import NotFound, Rejected
from coditect.journal.mails import queue_mail
from coditect.journal.services import record_event

LEAKED = "api_token.leaked"
MAIL = "api_token_leaked"
URL_CHARACTERS = 500


class NobodyReports(NotFound):
    """This server knows no public key of anybody who may report leaked tokens."""

    message = "This server takes no reports of leaked tokens."


class SignatureInvalid(Rejected):
    """Not signed, by a key that we do not know, or altered on its way; the caller is not told which."""

    code = "signature_invalid"
    message = "The signature is missing, or does not fit the body."


@dataclass(frozen=True, kw_only=True)
class Report:
    """A text that looked like a token, the reporter's word for its kind, and where it was found."""

    token: str
    type: str
    url: str
    source: str


def require_signature(body: bytes, *, key_id: str, signature: str) -> None:
    """Check ECDSA over P-256 and SHA-256, DER in base64, on the body as it came.

    The keys come from the settings: no request makes this server ask the network for one. Raises NobodyReports,
    SignatureInvalid.
    """
    keys = settings.LEAKED_TOKENS_PUBLIC_KEYS
    if not keys:
        raise NobodyReports
    key = keys.get(key_id)
    if key is None:
        raise SignatureInvalid
    try:
        key.verify(base64.b64decode(signature, validate=True), body, ECDSA(SHA256()))
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise SignatureInvalid from error


@transaction.atomic
def revoke_leaked_tokens(*, reports: Sequence[Report], now: datetime) -> set[str]:
    """Take back every token of ours among the reported, tell its maker and the owners, and return their hashes.

    The same report again changes nothing and mails nobody.
    """
    by_hash = {hash_token(report.token): report for report in reports}
    # tenancy: the token itself says whose it is
    found = list(ApiToken.objects.filter(token_hash__in=by_hash).select_related("user", "organization").order_by("pk"))
    for token in found:
        if token.revoked_at is None:
            _take_back(token, by_hash[token.token_hash], now=now)
    return {token.token_hash for token in found}


def _take_back(token: ApiToken, report: Report, *, now: datetime) -> None:
    try:
        revoke_any_api_token(token_id=token.pk, now=now)
    except ApiTokenNotFound:
        return  # the same report came twice at once
    record_event(
        LEAKED,
        token,
        at=now,
        organization_id=token.organization_id,
        data={
            "name": token.name,
            "prefix": token.prefix,
            "user_id": str(token.user_id),
            # Somebody may have put the token itself into a link.
            "url": report.url.replace(report.token, "…")[:URL_CHARACTERS],
            "source": report.source,
        },
    )
    for address in _concerned(token):
        queue_mail(template=MAIL, to=address, now=now, token_id=token.pk)


def _concerned(token: ApiToken) -> list[str]:
    """The addresses of the token's maker and of the organization's owners."""
    owners = Membership.objects.for_organization(token.organization).filter(role=Role.OWNER)
    people = User.objects.filter(pk__in=[token.user_id, *owners.values_list("user_id", flat=True)], is_active=True)
    return list(people.order_by("email").values_list("email", flat=True))
