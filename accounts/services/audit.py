"""Who may read which part of the journal."""

from django.db.models import Exists, OuterRef, Q

from accounts.models import Membership
from coditect.errors import Forbidden
from coditect.journal.models import Event, EventQuerySet


def audit_of(membership: Membership) -> EventQuerySet:
    """What happened in an organization, and to the accounts of its members since they joined: their log-ins, say.

    Raises Forbidden for those who do not administer it.
    """
    if not membership.administers:
        raise Forbidden
    places = Membership.objects.for_organization(membership.organization)
    joined = places.filter(user_id=OuterRef("subject_id"), created_at__lte=OuterRef("at"))
    # The list of ids is what the index is searched for; the time alone would be asked of everybody's log-ins.
    ids = list(places.values_list("user_id", flat=True))
    of_members = Q(Exists(joined), organization_id=None, subject_type="user", subject_id__in=ids)
    return Event.objects.for_organization(membership.organization_id, or_such=of_members)
