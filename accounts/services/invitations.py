"""Inviting people into an organization, by mail."""

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.events import InvitedData
from accounts.models import Invitation, Membership, User, normalize_email
from accounts.secrets import hash_token, new_token
from accounts.services.members import AlreadyMember
from accounts.services.organizations import OrganizationNotFound, as_locked, lock_organization, record_joining
from accounts.services.register import EmailTaken
from coditect.errors import DomainError, Forbidden, InvalidInput, NotFound
from coditect.journal.catalogue import moment
from coditect.journal.mails import queue_mail
from coditect.journal.models import Mail
from coditect.journal.services import record_event

LIFETIME = timedelta(days=7)


class EmailNotVerified(Forbidden):
    """Only somebody whose own address is proven may send mail to others."""

    code = "email_not_verified"
    message = "Verify your own e-mail address before you invite others."


class InvitationNotFound(NotFound):
    """No such invitation, or none of this organization."""

    code = "invitation_not_found"
    message = "Invitation not found."


class InvitationExpired(NotFound):
    """Nobody answered it in time."""

    code = "invitation_expired"
    message = "The invitation has expired. Ask for a new one."


class InvitationRevoked(NotFound):
    """It was taken back, or replaced by a later one."""

    code = "invitation_revoked"
    message = "The invitation was revoked, or replaced by a later one."


class InvitationUsed(NotFound):
    """An invitation lets one person in once."""

    code = "invitation_used"
    message = "The invitation was accepted already."


class ForAnotherAddress(Forbidden):
    """Whoever is logged in is not whom the invitation was sent to."""

    code = "invitation_for_another_address"
    message = "This invitation was sent to another e-mail address than yours."


REFUSALS: dict[str, type[DomainError]] = {
    Invitation.Status.ACCEPTED: InvitationUsed,
    Invitation.Status.REVOKED: InvitationRevoked,
    Invitation.Status.EXPIRED: InvitationExpired,
}


@transaction.atomic
def invite_member(*, by: Membership, email: str, role: str, now: datetime) -> Invitation:
    """Offer an address a place for a week; an earlier open offer to it is replaced.

    Raises OrganizationNotFound, Forbidden, EmailNotVerified, AlreadyMember.
    """
    by = as_locked(by)
    if not by.may_grant(role):
        raise Forbidden
    if by.user.email_verified_at is None:
        raise EmailNotVerified
    email = normalize_email(email)
    if Membership.objects.for_organization(by.organization).filter(user__email=email).exists():
        raise AlreadyMember
    Invitation.objects.for_organization(by.organization).unanswered().filter(email=email).update(revoked_at=now)
    invitation = Invitation.objects.create(
        organization=by.organization,
        email=email,
        role=role,
        invited_by=by.user,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    data = _describe(invitation)
    record_event("member.invited", invitation, at=now, organization_id=invitation.organization_id, data=data)
    queue_mail(template="invitation", to=email, now=now, invitation_id=invitation.pk)
    return invitation


@transaction.atomic
def revoke_invitation(*, by: Membership, invitation_id: UUID, now: datetime) -> None:
    """Take an open invitation back.

    Raises OrganizationNotFound, Forbidden, InvitationNotFound, InvitationUsed, InvitationRevoked.
    """
    by = as_locked(by)
    if not by.administers:
        raise Forbidden
    invitation = Invitation.objects.for_organization(by.organization).filter(pk=invitation_id).first()
    if invitation is None:
        raise InvitationNotFound
    if not by.may_grant(invitation.role):
        raise Forbidden
    status = invitation.status_at(now)
    if status in {Invitation.Status.ACCEPTED, Invitation.Status.REVOKED}:
        raise REFUSALS[status]
    invitation.revoked_at = now
    invitation.save(update_fields=["revoked_at"])
    data = _describe(invitation)
    record_event("member.invitation_revoked", invitation, at=now, organization_id=invitation.organization_id, data=data)


@transaction.atomic
def compose_invitation(mail: Mail, now: datetime) -> dict[str, str] | None:
    """What the mail shows: a token drawn just now, which voids an earlier one; None unless the offer still stands."""
    # tenancy: the worker writes the mails of every organization
    found = Invitation.objects.filter(pk=mail.ids["invitation_id"]).select_related("organization", "invited_by")
    invitation = found.select_for_update(of=("self",)).first()
    if invitation is None or invitation.status_at(now) != Invitation.Status.PENDING:
        return None
    token = new_token()
    invitation.token_hash = hash_token(token)
    invitation.save(update_fields=["token_hash"])
    return {
        "token": token,
        "email": invitation.email,
        "role": invitation.role,
        "organization": invitation.organization.name,
        "inviter": invitation.invited_by.full_name,
        "inviter_email": invitation.invited_by.email,
        "expires": f"{invitation.expires_at:%d %B %Y, %H:%M} UTC",
    }


@transaction.atomic
def accept_invitation(*, user: User, token: str, now: datetime) -> Membership:
    """Join, as the user whom the invitation was sent to; it also proves their address.

    Raises InvitationNotFound, InvitationExpired, InvitationRevoked, InvitationUsed, ForAnotherAddress, AlreadyMember.
    """
    invitation = _lock_pending(token, now=now)
    if user.email != invitation.email:
        raise ForAnotherAddress
    if user.email_verified_at is None:
        user.email_verified_at = now
        user.save(update_fields=["email_verified_at"])
    return _join(user, invitation, now=now)


@transaction.atomic
def accept_as_new_user(*, token: str, password: str, full_name: str, now: datetime) -> Membership:
    """Sign up with the address that the invitation was sent to, and join.

    Raises InvitationNotFound, InvitationExpired, InvitationRevoked, InvitationUsed, InvalidInput for a weak password,
    EmailTaken where the address has an account: then it has to log in first.
    """
    invitation = _lock_pending(token, now=now)
    user = _sign_up(invitation.email, password=password, full_name=full_name, now=now)
    record_event("user.registered", user, at=now, organization_id=invitation.organization_id)
    return _join(user, invitation, now=now)


def _lock_pending(token: str, *, now: datetime) -> Invitation:
    """The invitation of a token, its organization locked."""
    # tenancy: whoever has the token was invited, and need not be in any organization
    mailed = Invitation.objects.filter(token_hash=hash_token(token))
    organization_id = mailed.values_list("organization_id", flat=True).first()
    if organization_id is None:
        raise InvitationNotFound
    try:
        organization = lock_organization(organization_id)
    except OrganizationNotFound as error:
        raise InvitationRevoked from error
    invitation = Invitation.objects.for_organization(organization).filter(token_hash=hash_token(token)).first()
    if invitation is None:
        raise InvitationNotFound
    status = invitation.status_at(now)
    if status in REFUSALS:
        raise REFUSALS[status]
    return invitation


def _sign_up(email: str, *, password: str, full_name: str, now: datetime) -> User:
    try:
        validate_password(password, User(email=email, full_name=full_name))
    except ValidationError as error:
        raise InvalidInput("password", " ".join(error.messages)) from error
    try:
        with transaction.atomic():
            return User.objects.create_user(email, password, full_name=full_name, email_verified_at=now, created_at=now)
    except IntegrityError as error:
        raise EmailTaken("An account with this e-mail address exists: log in, then accept the invitation.") from error


def _join(user: User, invitation: Invitation, *, now: datetime) -> Membership:
    organization = invitation.organization
    if Membership.objects.for_organization(organization).filter(user=user).exists():
        raise AlreadyMember
    invitation.accepted_at = now
    invitation.save(update_fields=["accepted_at"])
    membership = Membership.objects.create(organization=organization, user=user, role=invitation.role, created_at=now)
    record_joining(membership, at=now, invitation=invitation)
    return membership


def _describe(invitation: Invitation) -> InvitedData:
    return {
        "invitation_id": str(invitation.pk),
        "organization_id": str(invitation.organization_id),
        "email": invitation.email,
        "role": invitation.role,
        "invited_by": str(invitation.invited_by_id),
        "expires_at": moment(invitation.expires_at),
    }
