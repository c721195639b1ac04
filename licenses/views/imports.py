"""The endpoint that imports licenses from a file."""

from typing import Any, ClassVar, cast

from django.utils import timezone
from rest_framework.request import Request

from accounts.models import User
from coditect.api import throttling
from coditect.api.credentials import LOGIN_ONLY, Scopes
from coditect.api.results import Created
from coditect.api.schema.description import Answer, created, describe
from coditect.api.views import ApiView
from coditect.errors import Forbidden
from licenses.answers_keys import ImportBody
from licenses.serializers import imports as shapes
from licenses.services.imports.create import import_licenses
from licenses.services.imports.errors import ImportInvalid

EXAMPLE = (
    "organization,key,tier,seats,expires_at,features\r\n"
    "acme-inc-5d3c9a10,PROD-2025-ABCD-1234,pro,25,2099-01-31,sso;offline\r\n"
    "acme-inc-5d3c9a10,,team,5,,\r\n"
)


class ImportView(ApiView):
    """Issue many licenses, to any organizations. Closed to API tokens, each of which is bound to one organization."""

    scopes: ClassVar[Scopes] = {"post": LOGIN_ONLY}
    limit: ClassVar[throttling.Category] = throttling.LICENSE_OPERATIONS

    @describe(
        "import_licenses",
        "Import licenses from CSV",
        tag="Licenses",
        request=shapes.ImportSerializer,
        answers=[created(ImportBody), Answer(ImportBody)],
        errors=[Forbidden, ImportInvalid],
        example={"csv": EXAMPLE, "dry_run": True},
    )
    def post(self, request: Request) -> Created | dict[str, Any]:
        """All licenses of a file, or none: a 201, and for a dry run a 200. For the staff of the service.

        At most 10,000 lines. `organization` is an id or a slug; without a `key` one is made; without `expires_at` a
        license is good for ever; `features` are separated by semicolons.
        """
        if not cast("User", request.user).is_staff:
            raise Forbidden
        wanted = self.read(shapes.ImportSerializer)
        is_dry_run = wanted["dry_run"]
        imported = import_licenses(text=wanted["csv"], is_dry_run=is_dry_run, now=timezone.now())
        answer = shapes.present_import(imported, is_dry_run=is_dry_run)
        return answer if is_dry_run else Created(answer)
