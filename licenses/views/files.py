"""Endpoints of signed license files, and of the keys that verify them."""

import hashlib
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import get_conditional_response
from rest_framework.request import Request

from accounts.tenancy import OrganizationView
from coditect.api import throttling
from coditect.api.credentials import Scopes
from coditect.api.encoding import to_json
from coditect.api.schema.description import Answer, describe
from coditect.api.views import PublicView
from licenses import answers
from licenses.serializers import files as shapes
from licenses.services.acquire import LicenseExpired, LicenseNotFound, LicenseRevoked, LicenseSuspended
from licenses.services.license_files import LicenseFileForbidden, sign_license_file
from licenses.services.signing_keys import published_keys

TAG = "Licenses"
MEDIA_TYPE = "application/jose+json"
# Not for long: whoever meets an unknown key asks again, and should be told of a new one.
KEYS_MAX_AGE_SECONDS = 300


class DownloadView(OrganizationView):
    """A license as a signed file."""

    scopes: ClassVar[Scopes] = {"get": "read:licenses"}
    limit: ClassVar[throttling.Category] = throttling.LICENSE_OPERATIONS

    @describe(
        "download_license",
        "Download a license as a signed file",
        tag=TAG,
        answers=[Answer(answers.LicenseFileBody, media_type=MEDIA_TYPE, is_enveloped=False)],
        errors=[LicenseNotFound, LicenseFileForbidden, LicenseExpired, LicenseSuspended, LicenseRevoked],
    )
    def get(self, request: Request, license_id: UUID) -> HttpResponse:
        """The same bytes in both dialects: a flattened JWS, which the keys at /.well-known/jwks.json verify.

        It holds the license and `valid_until`: until then it is to be believed without asking us. Viewers get none.
        """
        file = sign_license_file(membership=self.membership, license_id=license_id, now=timezone.now())
        disposition = 'attachment; filename="license.json"'
        return HttpResponse(file, content_type=MEDIA_TYPE, headers={"Content-Disposition": disposition})


class KeysView(PublicView):
    """The public keys that verify license files and receipts, in no dialect."""

    def rate_limits(self, request: Request) -> list[Any]:
        """None: a whole office may start its machines at once, and one query answers."""
        return []

    def get(self, request: Request) -> HttpResponseBase | None:
        """The JWK set (RFC 7517), for anybody's cache and any web page."""
        text = to_json(shapes.present_keys(published_keys(now=timezone.now())))
        etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
        response = HttpResponse(
            text,
            content_type="application/jwk-set+json",
            headers={
                "ETag": etag,
                "Cache-Control": f"public, max-age={KEYS_MAX_AGE_SECONDS}",
                "Access-Control-Allow-Origin": "*",
            },
        )
        return get_conditional_response(request._request, etag=etag, response=response)
