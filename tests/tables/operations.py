"""One row for each operation of the API: how to ask for it validly, and who may."""

from typing import Any

import pyotp
from django.utils import timezone

from accounts.models import Invitation, Role, User
from accounts.secrets import hash_token
from accounts.secrets import new_token as new_secret
from accounts.services.change_email import request_email_change
from accounts.services.one_time_codes import mint_code
from accounts.services.one_time_tokens import Purpose, mint_token
from accounts.services.totp import begin_totp, confirm_totp
from tests.factories import PASSWORD, Person, make_api_token, make_membership
from tests.subscriptions.buying import SUCCESS, YEARLY
from tests.tables.billing import CANCEL, ORDER, SUBSCRIPTION, checkout_of, subscription_of
from tests.tables.deliveries import DELIVERIES, DELIVERY, SINCE
from tests.tables.operation import ADMINS, ANYBODY, OWNERS, SEATED, STAFF_ALONE, Operation
from tests.tables.webhooks import CHANGES, NEW_WEBHOOK, WEBHOOK
from tests.tables.world import ROLES, World


def own_license(world: World, person: Person) -> Any:
    """The id of a license."""
    return world.license_of(person).pk


def own_key(world: World, person: Person) -> Any:
    """The key of a license."""
    return world.license_of(person).key_string


def file_of_one(world: World, person: Person) -> Any:
    """A file with a license for the person's organization."""
    return f"organization,tier,seats\n{person.organization.slug},pro,5\n"


def own_keys(world: World, person: Person) -> Any:
    """The key of a license, in a list."""
    return [own_key(world, person)]


def own_batch(world: World, person: Person) -> Any:
    """The id of a batch."""
    return world.batch_of(person)


def own_seat(world: World, person: Person) -> Any:
    """The id of a seat session."""
    return str(world.seat_of(person))


def own_email(world: World, person: Person) -> Any:
    """The person's address."""
    return person.membership.user.email


def own_api_token(world: World, person: Person) -> Any:
    """The id of an API token; of the owner for those who make none."""
    maker = person if person.membership.administers else world.owner
    make_api_token(maker)
    return str(maker.membership.user.api_tokens.latest("created_at").pk)


def password_of_one_of_two_owners(world: World, person: Person) -> Any:
    """The password, where the organization has another owner too."""
    make_membership(Role.OWNER, organization=person.organization)
    return PASSWORD


def code_of_a_new_app(world: World, person: Person) -> Any:
    """The first code of an authenticator app that is not confirmed yet."""
    return pyotp.TOTP(begin_totp(user=person.membership.user, now=timezone.now()).secret).now()


def recovery_code(world: World, person: Person) -> Any:
    """A way to turn the second factor off."""
    user, now = person.membership.user, timezone.now()
    app = pyotp.TOTP(begin_totp(user=user, now=now).secret)
    return confirm_totp(user=user, code=app.now(), now=now)[0]


def own_login(world: World, person: Person) -> Any:
    """The id of another log-in of the person."""
    return str(world.login_session_of(person))


def own_refresh_token(world: World, person: Person) -> Any:
    """The refresh token of another log-in of the person."""
    return world.refresh_token_of(person)


def own_verification(world: World, person: Person) -> Any:
    """A token that proves the person's address."""
    return new_token(person, Purpose.VERIFY_EMAIL)


def own_reset(world: World, person: Person) -> Any:
    """A token that resets the person's password."""
    return new_token(person, Purpose.RESET_PASSWORD)


def own_confirmation(world: World, person: Person) -> Any:
    """A token that confirms, for the old address, that the person changes theirs."""
    request_email_change(
        user=person.membership.user, new_email="new@example.com", password=PASSWORD, now=timezone.now()
    )
    return new_token(person, Purpose.CHANGE_EMAIL)


def own_code(world: World, person: Person) -> Any:
    """A log-in code of the person."""
    return mint_code(email=person.membership.user.email, now=timezone.now())


def new_token(person: Person, purpose: Purpose) -> str:
    """A token as a mail to the person would carry it."""
    user = person.membership.user
    return mint_token(user=user, purpose=purpose, email=user.email, now=timezone.now())


def own_organization(world: World, person: Person) -> Any:
    """The id of the person's organization."""
    return person.organization.pk


def organization_of_two_owners(world: World, person: Person) -> Any:
    """The same, where another owner stays."""
    make_membership(Role.OWNER, organization=person.organization)
    return person.organization.pk


def organization_of_a_proved_address(world: World, person: Person) -> Any:
    """The same, of somebody who may send mails from there."""
    User.objects.filter(pk=person.user_id).update(email_verified_at=timezone.now())
    return person.organization.pk


def colleague(world: World, person: Person) -> Any:
    """The id of another member of the person's organization."""
    return str(make_membership(Role.MEMBER, organization=person.organization).pk)


def own_invitation(world: World, person: Person) -> Any:
    """The id of an invitation into the person's organization."""
    return world.invitation_by(world.owner_beside(person), email="guest@example.com").pk


def token_of_an_invitation(world: World, person: Person) -> Any:
    """The token of a mail that invites the person into the other organization."""
    host = world.owner if person is world.outsider else world.outsider
    invitation, token = world.invitation_by(host, email=person.membership.user.email), new_secret()
    Invitation.objects.filter(pk=invitation.pk).update(token_hash=hash_token(token))
    return token


def other_organization(world: World, person: Person) -> Any:
    """The id of an organization that the person is not in."""
    return str((world.owner if person is world.outsider else world.outsider).organization.pk)


LICENSE: dict[str, Any] = {"path": {"license_id": own_license}, "not_found": "license_not_found"}
ORGANIZATION: dict[str, Any] = {"path": {"organization_id": own_organization}, "not_found": "organization_not_found"}
MEMBER: dict[str, Any] = {
    "path": {"organization_id": own_organization, "member_id": colleague},
    "not_found": "organization_not_found",
}
SEAT: dict[str, Any] = {"path": {"session_id": own_seat}, "not_found": "session_not_found"}
SEAT_IN_BODY: dict[str, Any] = {
    "body": {"session_id": own_seat},
    "not_found": "session_not_found",
    "object_in_body": "session_id",
}
BATCH: dict[str, Any] = {"may": ADMINS, "path": {"batch_id": own_batch}, "not_found": "batch_not_found"}
NOT_ADMINS = frozenset(ROLES) - ADMINS
NOT_THE_HOLDER = frozenset(ROLES)
ACCOUNT = {"email": "new@example.com", "password": PASSWORD, "full_name": "Ada", "company_name": "Acme"}

OPERATIONS = [
    # health
    Operation(name="health", method="GET", may=ANYBODY),
    Operation(name="ready", method="GET", may=ANYBODY),
    # signing up and logging in
    Operation(name="register", method="POST", may=ANYBODY, success=201, body=ACCOUNT),
    Operation(name="log-in", method="POST", may=ANYBODY, body={"email": own_email, "password": PASSWORD}),
    Operation(name="refresh", method="POST", may=ANYBODY, body={"refresh": own_refresh_token}),
    # one-time secrets
    Operation(name="verify-email", method="GET", may=ANYBODY, body={"token": own_verification}),
    Operation(name="verify-email", method="POST", may=ANYBODY, body={"token": own_verification}),
    Operation(name="resend-verification", method="POST", may=ANYBODY, body={"email": own_email}),
    Operation(name="forgot-password", method="POST", may=ANYBODY, body={"email": own_email}),
    Operation(
        name="reset-password", method="POST", may=ANYBODY, body={"token": own_reset, "new_password": "NewPass123!x"}
    ),
    Operation(
        name="change-password", method="POST", body={"current_password": PASSWORD, "new_password": "NewPass123!x"}
    ),
    Operation(name="request-code", method="POST", may=ANYBODY, body={"email": own_email}),
    Operation(name="verify-code", method="POST", may=ANYBODY, body={"email": own_email, "code": own_code}),
    Operation(name="change-email", method="POST", body={"new_email": "new@example.com", "password": PASSWORD}),
    Operation(name="confirm-change-email", method="POST", may=ANYBODY, body={"token": own_confirmation}),
    # one's own account
    Operation(name="log-out", method="POST", is_silent=True),
    Operation(name="me", method="GET"),
    Operation(name="me", method="PATCH", body={"full_name": "Ada Lovelace"}),
    Operation(name="me-short", method="GET", dialects=("enveloped",)),
    Operation(name="me-short", method="PATCH", body={"full_name": "Ada Lovelace"}, dialects=("enveloped",)),
    Operation(name="login-sessions", method="GET"),
    Operation(name="login-sessions", method="DELETE", is_silent=True),
    Operation(
        name="login-session",
        method="DELETE",
        is_silent=True,
        path={"login_session_id": own_login},
        not_found="session_not_found",
        hidden_from=NOT_THE_HOLDER,
    ),
    Operation(name="me", method="DELETE", is_silent=True, body={"password": password_of_one_of_two_owners}),
    Operation(
        name="me-short",
        method="DELETE",
        is_silent=True,
        body={"password": password_of_one_of_two_owners},
        dialects=("enveloped",),
    ),
    Operation(name="export-me", method="GET"),
    # the second factor
    Operation(name="totp", method="POST", success=201),
    Operation(name="confirm-totp", method="POST", body={"code": code_of_a_new_app}),
    Operation(name="totp", method="DELETE", is_silent=True, body={"password": PASSWORD, "code": recovery_code}),
    # API tokens
    Operation(name="tokens", method="GET"),
    Operation(name="tokens", method="POST", may=ADMINS, success=201, body={"name": "CI", "scopes": ["read:licenses"]}),
    Operation(
        name="token",
        method="DELETE",
        may=ADMINS,
        is_silent=True,
        path={"token_id": own_api_token},
        not_found="token_not_found",
        hidden_from=frozenset(ROLES) - ADMINS,
    ),
    # organizations, their members, and invitations
    Operation(name="organizations", method="GET"),
    Operation(name="organizations", method="POST", success=201, body={"name": "Second Inc"}),
    Operation(name="organization", method="GET", **ORGANIZATION),
    Operation(name="organization", method="PATCH", may=ADMINS, body={"name": "Renamed Inc"}, **ORGANIZATION),
    Operation(name="organization", method="DELETE", may=OWNERS, is_silent=True, **ORGANIZATION),
    Operation(name="members", method="GET", **ORGANIZATION),
    Operation(name="member", method="PATCH", may=ADMINS, body={"role": "viewer"}, **MEMBER),
    Operation(name="member", method="DELETE", may=ADMINS, is_silent=True, **MEMBER),
    Operation(name="transfer-ownership", method="POST", may=OWNERS, body={"member_id": colleague}, **ORGANIZATION),
    Operation(
        name="leave-organization",
        method="POST",
        is_silent=True,
        path={"organization_id": organization_of_two_owners},
        not_found="organization_not_found",
    ),
    Operation(name="invitations", method="GET", may=ADMINS, **ORGANIZATION),
    Operation(
        name="invitations",
        method="POST",
        may=ADMINS,
        success=201,
        path={"organization_id": organization_of_a_proved_address},
        body={"email": "guest@example.com", "role": "member"},
        not_found="organization_not_found",
    ),
    Operation(
        name="invitation",
        method="DELETE",
        may=ADMINS,
        is_silent=True,
        path={"organization_id": own_organization, "invitation_id": own_invitation},
        not_found="organization_not_found",
    ),
    Operation(name="accept-invitation", method="POST", success=201, body={"token": token_of_an_invitation}),
    Operation(name="audit", method="GET", may=ADMINS),
    # licenses
    Operation(name="licenses", method="GET"),
    Operation(name="license", method="GET", path={"license_id": own_license}, not_found="license_not_found"),
    Operation(name="suspend", method="POST", may=ADMINS, **LICENSE),
    Operation(name="reinstate", method="POST", may=ADMINS, **LICENSE),
    Operation(name="revoke", method="POST", may=STAFF_ALONE, **LICENSE),
    Operation(name="renew", method="POST", may=STAFF_ALONE, body={"expires_at": "2099-01-01T00:00:00Z"}, **LICENSE),
    Operation(name="transfer", method="POST", may=STAFF_ALONE, body={"organization_id": other_organization}, **LICENSE),
    Operation(name="explain", method="GET", may=ADMINS, body={"hardware_id": "machine"}, **LICENSE),
    Operation(name="usage", method="GET", may=ADMINS, body={"from": "2026-01-01", "granularity": "month"}, **LICENSE),
    Operation(name="export-usage", method="GET", may=ADMINS, media_type="text/csv; charset=utf-8", **LICENSE),
    Operation(
        name="rotate-key",
        method="POST",
        may=ADMINS,
        success=201,
        path={"license_id": own_license},
        not_found="license_not_found",
    ),
    Operation(name="download", method="GET", may=SEATED, media_type="application/jose+json", **LICENSE),
    Operation(name="import", method="POST", may=STAFF_ALONE, success=201, body={"csv": file_of_one}),
    Operation(name="validate", method="POST", may=ANYBODY, body={"key_string": own_key}),
    Operation(name="validate-batch", method="POST", body={"key_strings": own_keys}),
    # seats
    Operation(
        name="acquire",
        method="POST",
        may=SEATED,
        success=201,
        body={"license_key": own_key, "hardware_id": "machine"},
        not_found="license_not_found",
        object_in_body="license_key",
    ),
    Operation(name="sessions", method="GET"),
    Operation(name="session", method="GET", may=SEATED, hidden_from=NOT_ADMINS, **SEAT),
    Operation(name="session", method="DELETE", is_silent=True, may=SEATED, hidden_from=NOT_ADMINS, **SEAT),
    Operation(name="heartbeat", method="PATCH", may=SEATED, hidden_from=NOT_THE_HOLDER, **SEAT),
    Operation(name="heartbeat-by-body", method="POST", may=SEATED, hidden_from=NOT_THE_HOLDER, **SEAT_IN_BODY),
    Operation(name="release", method="POST", may=SEATED, hidden_from=NOT_ADMINS, **SEAT_IN_BODY),
    # plans and subscriptions
    Operation(name="plans", method="GET", may=ANYBODY),
    Operation(name="current-subscription", method="GET"),
    Operation(name="subscriptions", method="GET", may=OWNERS),
    Operation(name="subscriptions", method="POST", may=OWNERS, success=201, body=ORDER),
    Operation(name="checkout", method="POST", may=OWNERS, success=201, body=ORDER),
    Operation(name="subscription", method="GET", may=OWNERS, **SUBSCRIPTION),
    Operation(name="update-subscription", method="POST", may=OWNERS, given=subscription_of, body={"seats": 4}),
    Operation(name="change-plan", method="POST", may=OWNERS, given=subscription_of, body={"price_id": YEARLY}),
    Operation(name="cancel-current-subscription", method="POST", may=OWNERS, given=subscription_of, body=CANCEL),
    Operation(name="cancel-subscription", method="POST", may=OWNERS, **SUBSCRIPTION),
    Operation(name="resume-subscription", method="POST", may=OWNERS, given=subscription_of),
    Operation(name="billing-portal", method="POST", may=OWNERS, given=checkout_of, body={"return_url": SUCCESS}),
    Operation(name="invoices", method="GET", may=OWNERS),
    # webhooks to customers
    Operation(name="webhooks", method="GET", may=ADMINS),
    Operation(name="webhooks", method="POST", may=ADMINS, success=201, body=NEW_WEBHOOK),
    Operation(name="webhook", method="GET", may=ADMINS, **WEBHOOK),
    Operation(name="webhook", method="PATCH", may=ADMINS, body=CHANGES, **WEBHOOK),
    Operation(name="webhook", method="DELETE", may=ADMINS, is_silent=True, **WEBHOOK),
    Operation(name="rotate-webhook-secret", method="POST", may=ADMINS, success=201, **WEBHOOK),
    Operation(name="webhook-deliveries", method="GET", may=ADMINS, **DELIVERIES),
    Operation(name="redeliver", method="POST", may=ADMINS, success=201, **DELIVERY),
    Operation(name="replay-webhook", method="POST", may=ADMINS, body=SINCE, **DELIVERIES),
    Operation(name="test-webhook", method="POST", may=ADMINS, success=201, **DELIVERIES),
    # batches
    Operation(name="batches", method="GET", may=ADMINS),
    Operation(name="batches", method="POST", may=ADMINS, success=201, body={"operation": "validate", "keys": own_keys}),
    Operation(name="batch", method="GET", **BATCH),
    Operation(name="batch-results", method="GET", **BATCH),
    Operation(name="cancel-batch", method="POST", **BATCH),
]
