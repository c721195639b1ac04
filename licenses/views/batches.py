"""Endpoints of batches: one operation on many licenses, done by the worker."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from accounts.tenancy import OrganizationView
from coditect.api.credentials import Scopes
from coditect.api.results import Created, Listing
from coditect.api.schema.description import Answer, PageOf, created, describe
from coditect.errors import Forbidden
from licenses import answers_batches as answers
from licenses.models import Batch, BatchQuerySet
from licenses.serializers import batches as shapes
from licenses.services.batches import BatchCompleted, BatchNotFound, TooManyBatches, cancel_batch, create_batch

TAG = "Batches"
SOME_ID = "6f9619ff-8b86-4011-b42d-00cf4fc964ff"


class BatchListView(OrganizationView):
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
        rows = query.apply(visible_batches(self))
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

        For its administrators; `renew` is for the staff of the service. The answer comes at once, the work is done in
        the background: look at the batch, and at its results. Each license is done on its own, so that some may fail.
        An id or key that is none of the organization's fails as `license_not_found`.
        """
        membership = self.administrator
        wanted = self.read(shapes.BatchSerializer)
        if wanted["operation"] == Batch.Operation.RENEW and not membership.user.is_staff:
            raise Forbidden
        batch = create_batch(organization=membership.organization, now=timezone.now(), **wanted)
        return Created(shapes.present_batch(batch))


class BatchView(OrganizationView):
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
        return shapes.present_batch(find_batch(self, batch_id))


class BatchResultsView(OrganizationView):
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
        rows = query.apply(find_batch(self, batch_id).items.all())
        return Listing(key="results", rows=rows, sort=query.sort, present=shapes.present_results)


class CancelBatchView(OrganizationView):
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
        organization = self.administrator.organization
        return shapes.present_batch(cancel_batch(organization=organization, batch_id=batch_id, now=timezone.now()))


def visible_batches(view: OrganizationView) -> BatchQuerySet:
    """The batches that the caller may see. Raises Forbidden."""
    return Batch.objects.for_organization(view.administrator.organization)


def find_batch(view: OrganizationView, batch_id: UUID) -> Batch:
    """One of them. Raises Forbidden, BatchNotFound."""
    batch = visible_batches(view).filter(pk=batch_id).first()
    if batch is None:
        raise BatchNotFound
    return batch
