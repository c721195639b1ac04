"""What we know of a person: all of it on request, and how it is forgotten (GDPR, articles 15, 17 and 20)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import ApiToken, Invitation, LoginSession, Membership, User
from accounts.services.api_tokens import revoke_api_tokens
from accounts.services.logins import end_login_sessions
from accounts.services.members import leave_organization
from accounts.services.organizations import close_organization
from accounts.services.totp import remove_second_factor
from coditect.errors import InvalidInput
from coditect.journal.mails import forget_mails
from coditect.journal.models import Event, Mail
from coditect.journal.services import record_event

Exporter = Callable[[User], list[dict[str, Any]]]
# Nobody can receive mail there (RFC 2606).
NOWHERE = "deleted.invalid"
FORGOTTEN_NAME = "Deleted user"
_exporters: dict[str, Exporter] = {}


def export_by(section: str, exporter: Exporter) -> None:
    """Have `exporter` tell its app's part of a user's data; apps say so in `AppConfig.ready()`."""
    _exporters[section] = exporter


def export_personal_data(*, user: User, now: datetime) -> dict[str, Any]:
    """Everything about a user, section by section, without secrets; what they did is told by the journal."""
    own: dict[str, Exporter] = {
        "memberships": _memberships,
        "login_sessions": _login_sessions,
        "api_tokens": _api_tokens,
        "mails": _mails,
        "events": _events,
    }
    sections = own | _exporters
    return {"exported_at": now, "user": _profile(user)} | {name: tell(user) for name, tell in sections.items()}


@transaction.atomic
def delete_account(*, user: User, password: str, now: datetime) -> None:
    """Forget a user: the row stays, since licenses' records point to it, but says nothing of them any more.

    Organizations that they alone are in are closed. Raises InvalidInput for a wrong password, LastOwner where others
    would be left without an owner, and what a receiver of `organization.deleting` raises against it.
    """
    if not user.check_password(password):
        raise InvalidInput("password", "The password is wrong.")
    for membership in Membership.objects.for_user(user).order_by("organization_id"):
        _leave(membership, now=now)
    User.objects.filter(pk=user.pk).update(is_active=False)
    end_login_sessions(user=user, now=now)
    revoke_api_tokens(user=user, now=now)
    remove_second_factor(user=user, now=now)
    record_event("user.deleted", user, at=now, organization_id=None)
    _forget(user)


def _leave(membership: Membership, *, now: datetime) -> None:
    organization = membership.organization
    is_alone = not Membership.objects.for_organization(organization).exclude(pk=membership.pk).exists()
    if is_alone and membership.owns:
        close_organization(organization_id=organization.pk, now=now)
    else:
        leave_organization(membership=membership, now=now)


def _forget(user: User) -> None:
    """Last of all: a change of the address locks the row against every new reference to it."""
    Invitation.objects.filter(email=user.email).delete()  # tenancy: whoever invited them
    for traces in (user.memberships, user.login_sessions, user.one_time_tokens, user.email_changes):
        traces.all().delete()
    forget_mails(to=user.email)
    user.email = f"deleted-{user.pk}@{NOWHERE}"
    user.full_name = FORGOTTEN_NAME
    user.email_verified_at = user.last_login = None
    user.is_active = user.is_staff = user.is_superuser = False
    user.set_unusable_password()
    user.save()


def _profile(user: User) -> dict[str, Any]:
    return _values(User.objects.filter(pk=user.pk), "id", "email", "full_name", "email_verified_at", "created_at")[0]


def _memberships(user: User) -> list[dict[str, Any]]:
    places = Membership.objects.filter(user=user)  # tenancy: one user's own, also in closed organizations
    return _values(places, "organization_id", "organization__name", "role", "created_at")


def _login_sessions(user: User) -> list[dict[str, Any]]:
    names = ("id", "ip", "user_agent", "created_at", "last_used_at", "expires_at", "revoked_at")
    return _values(LoginSession.objects.filter(user=user), *names)


def _api_tokens(user: User) -> list[dict[str, Any]]:
    names = ("id", "organization_id", "name", "prefix", "scopes", "created_at", "expires_at", "last_used_at")
    made = ApiToken.objects.filter(user=user)  # tenancy: one user's own, wherever they made them
    return _values(made, *names, "revoked_at")


def _mails(user: User) -> list[dict[str, Any]]:
    return _values(Mail.objects.filter(to=user.email), "template", "to", "created_at", "sent_at")


def _events(user: User) -> list[dict[str, Any]]:
    names = ("type", "at", "organization_id", "subject_type", "subject_id", "ip")
    done = Event.objects.filter(actor_id=user.pk)  # tenancy: what one user did, wherever it was
    return list(done.order_by("at").values(*names))


def _values(rows: QuerySet[Any], *names: str) -> list[dict[str, Any]]:
    found = rows.order_by("created_at").values(*names)
    return [{name.replace("__", "_"): value for name, value in row.items()} for row in found]
