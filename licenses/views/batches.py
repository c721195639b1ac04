"""Endpoints of batches: one operation on many licenses, done by the worker."""

from functools import cached_property
from typing import Any, ClassVar, cast
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from accounts.models import Organization, User
from accounts.services.organizations import OrganizationNotFound
from accounts.tenancy import OrganizationView, requested_organization
from coditect.api.credentials import Scopes, scoped_credential
from coditect.api.results import Created, Listing
from coditect.api.schema.description import Answer, PageOf, created, describe
from coditect.errors import Forbidden
from licenses import answers_batches as answers
from licenses.models import Batch
from licenses.serializers import batches as shapes
from licenses.services.batches import BatchCompleted, BatchNotFound, TooManyBatches, cancel_batch, create_batch

TAG = "Batches"
SOME_ID = "6f9619ff-8b86-4011-b42d-00cf4fc964ff"


class BatchesView(OrganizationView):
    """Batches belong to one organization, for its administrators; the staff of the service sees every organization's.

    Who acts as staff has logged in: an API token, whoever made it, opens no more than its organization.
    """

    @cached_property
    def organization(self) -> Organization:
        """The one to act on. Raises OrganizationNotFound, Forbidden."""
        named = requested_organization(self.request)
        if named is None or not self.is_staff:
            return self.administrator.organization
        # tenancy: the staff of the service may name any
        organization = Organization.objects.active().filter(pk=named).first()
        if organization is None:
            raise OrganizationNotFound
        return organization

    @property
    def is_staff(self) -> bool:
        """Whether the caller acts as staff."""
        return cast("User", self.request.user).is_staff and scoped_credential(self.request) is None

    def admit(self, operation: str) -> Organization:
        """The same, for who orders or cancels: only staff renews; the rest is the administrators' own.

        Raises OrganizationNotFound, Forbidden.
        """
        if operation != Batch.Operation.RENEW:
            return self.administrator.organization
        if not self.is_staff:
            raise Forbidden
        return self.organization

    def find(self, batch_id: UUID) -> Batch:
        """A batch of the organization. Raises OrganizationNotFound, Forbidden, BatchNotFound."""
        batch = Batch.objects.for_organization(self.organization).filter(pk=batch_id).first()
        if batch is None:
            raise BatchNotFound
        return batch


class BatchListView(BatchesView):
    """The organization's batches."""

    scopes: ClassVar[Scopes] = {"get": "read:licenses", "post": "manage:licenses"}

    @describe(
        "list_batches",
        "List batches",
        tag=TAG,
        query=shapes.BatchQuery,
        answers=[PageOf("batches", answers.BatchBody)],
        errors=[Forbidden],
    )
    def get(self, request: Request) -> Listing:
        """The organization's batches, for its administrators; those that finished 90 days ago are forgotten."""
        query = shapes.BatchQuery(request)
        rows = query.apply(Batch.objects.for_organization(self.organization))
        return Listing(key="batches", rows=rows, sort=query.sort, present=shapes.present_batches)

    @describe(
        "create_batch",
        "Do one thing to many licenses",
        tag=TAG,
        request=shapes.BatchSerializer,
        answers=[created(answers.BatchBody)],
        errors=[Forbidden, TooManyBatches],
        example={"operation": "suspend", "ids": [SOME_ID], "reason": "The contract has ended."},
    )
    def post(self, request: Request) -> Created:
        """Validate, suspend or reinstate up to 10,000 licenses of the organization, named by `ids` or by `keys`.

        For its administrators; `renew` is for the staff of the service, who name any organization. The answer comes at
        once, the work is done in the background: look at the batch, and at its results. Each license is done on its
        own, so that some may fail. What names no license of the organization fails as `license_not_found`.
        """
        self.organization  # noqa: B018 (nobody who may order nothing learns what is wrong with an order)
        wanted = self.read(shapes.BatchSerializer)
        batch = create_batch(organization=self.admit(wanted["operation"]), now=timezone.now(), **wanted)
        return Created(shapes.present_batch(batch))


class BatchView(BatchesView):
    """One batch of the organization."""

    scopes: ClassVar[Scopes] = {"get": "read:licenses"}

    @describe(
        "get_batch",
        "Show a batch",
        tag=TAG,
        answers=[Answer(answers.BatchBody)],
        errors=[Forbidden, BatchNotFound],
    )
    def get(self, request: Request, batch_id: UUID) -> dict[str, Any]:
        """Where it stands, and how many licenses have succeeded and failed so far."""
        return shapes.present_batch(self.find(batch_id))


class BatchResultsView(BatchesView):
    """What came of each license of a batch."""

    scopes: ClassVar[Scopes] = {"get": "read:licenses"}

    @describe(
        "list_batch_results",
        "Read a batch's results",
        tag=TAG,
        query=shapes.BatchResultQuery,
        answers=[PageOf("results", answers.BatchResultBody)],
        errors=[Forbidden, BatchNotFound],
    )
    def get(self, request: Request, batch_id: UUID) -> Listing:
        """One result for each id or key that was sent, in that order, from the start; pending until it is done."""
        query = shapes.BatchResultQuery(request)
        rows = query.apply(self.find(batch_id).items.all())
        return Listing(key="results", rows=rows, sort=query.sort, present=shapes.present_results)


class CancelBatchView(BatchesView):
    """Stop a batch."""

    scopes: ClassVar[Scopes] = {"post": "manage:licenses"}

    @describe(
        "cancel_batch",
        "Cancel a batch",
        tag=TAG,
        answers=[Answer(answers.BatchBody)],
        errors=[Forbidden, BatchNotFound, BatchCompleted],
    )
    def post(self, request: Request, batch_id: UUID) -> dict[str, Any]:
        """Leave undone what is not done yet; what is done stays done. Twice is the same as once."""
        organization = self.admit(self.find(batch_id).operation)
        return shapes.present_batch(cancel_batch(organization=organization, batch_id=batch_id, now=timezone.now()))
