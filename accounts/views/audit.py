"""The endpoint of an organization's audit."""

from functools import partial
from typing import ClassVar

from rest_framework.request import Request

from accounts import answers
from accounts.serializers.audit import AuditQuery, present_entries
from accounts.services.audit import audit_of
from accounts.tenancy import OrganizationView
from coditect.api.credentials import Scopes
from coditect.api.results import Listing
from coditect.api.schema.description import PageOf, describe
from coditect.errors import Forbidden


class AuditView(OrganizationView):
    """Who did what, to what, and from where."""

    scopes: ClassVar[Scopes] = {"get": "admin:org"}

    @describe(
        "list_audit_entries",
        "Read the audit",
        tag="Organizations",
        query=AuditQuery,
        answers=[PageOf("entries", answers.AuditEntryBody)],
        errors=[Forbidden],
    )
    def get(self, request: Request) -> Listing:
        """What happened in the organization, and its present members' log-ins and changes of their accounts.

        For admins and owners. Entries never change; they are kept for as long as the operator of the server decided.
        """
        query = AuditQuery(request)
        rows = query.apply(audit_of(self.membership))
        present = partial(present_entries, organization=self.membership.organization)
        return Listing(key="entries", rows=rows, sort=query.sort, present=present)
