"""Endpoints of one's own account."""

from typing import Any, ClassVar, cast
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from accounts import answers
from accounts.models import LoginSession, Membership, User
from accounts.serializers.account import (
    LoginSessionQuery,
    ProfileSerializer,
    present_account,
    present_login_sessions,
)
from accounts.services.logins import LoginSessionNotFound, end_login_session, end_login_sessions
from accounts.services.profile import update_profile
from accounts.tokens import Claims
from coditect.api.credentials import LOGIN_ONLY, Scopes, scoped_credential
from coditect.api.results import Deleted, Listing
from coditect.api.schema.description import Answer, Nothing, PageOf, describe
from coditect.api.views import ApiView


TAG = "Account"


def user_of(request: Request) -> User:
    """The signed-in user."""
    return cast("User", request.user)


def login_session_of(request: Request) -> UUID:
    """The login session behind the access token."""
    return cast("Claims", request.auth).login_session_id


class LogoutView(ApiView):
    """Log out."""

    scopes: ClassVar[Scopes] = {"post": LOGIN_ONLY}

    @describe("log_out", "Log out", tag=TAG, answers=[Nothing(answers.MessageBody)])
    def post(self, request: Request) -> Deleted:
        """End the login session that the access token belongs to."""
        end_login_session(user=user_of(request), login_session_id=login_session_of(request), now=timezone.now())
        return Deleted({"message": "Logged out."})


class AccountView(ApiView):
    """The signed-in user."""

    scopes: ClassVar[Scopes] = {"get": "read:profile", "patch": "write:profile"}

    @describe("get_account", "Show the signed-in user", tag=TAG, answers=[Answer(answers.AccountBody)])
    def get(self, request: Request) -> dict[str, Any]:
        """Show them, with their organizations."""
        return self.show(user_of(request))

    @describe(
        "change_account",
        "Change the signed-in user",
        tag=TAG,
        request=ProfileSerializer,
        answers=[Answer(answers.AccountBody)],
        example={"full_name": "Ada Lovelace"},
    )
    def patch(self, request: Request) -> dict[str, Any]:
        """Change their name; whatever else is sent is ignored."""
        return self.show(update_profile(user=user_of(request), now=timezone.now(), **self.read(ProfileSerializer)))

    def show(self, user: User) -> dict[str, Any]:
        """The user, with their organizations; an API token knows of one."""
        memberships = Membership.objects.for_user(user)
        token = scoped_credential(self.request)
        return present_account(user, memberships.filter(organization=token.organization_id) if token else memberships)


class LoginSessionListView(ApiView):
    """Where the user is logged in."""

    scopes: ClassVar[Scopes] = {"get": LOGIN_ONLY, "delete": LOGIN_ONLY}

    @describe(
        "list_login_sessions",
        "List log-ins",
        tag=TAG,
        query=LoginSessionQuery,
        answers=[PageOf("sessions", answers.LoginSessionBody)],
    )
    def get(self, request: Request) -> Listing:
        """List the log-ins that are still good."""
        query, current = LoginSessionQuery(request), login_session_of(request)
        return Listing(
            key="sessions",
            rows=LoginSession.objects.filter(user=user_of(request)).live(at=timezone.now()),
            sort=query.sort,
            present=lambda rows: present_login_sessions(rows, current=current),
        )

    @describe(
        "end_other_login_sessions", "End all other log-ins", tag=TAG, answers=[Nothing(answers.EndedSessionsBody)]
    )
    def delete(self, request: Request) -> Deleted:
        """End all but the one that asks."""
        ended = end_login_sessions(user=user_of(request), now=timezone.now(), keep=login_session_of(request))
        return Deleted({"message": "All other sessions have been ended.", "ended": ended})


class LoginSessionView(ApiView):
    """One log-in."""

    scopes: ClassVar[Scopes] = {"delete": LOGIN_ONLY}

    @describe(
        "end_login_session",
        "End a log-in",
        tag=TAG,
        answers=[Nothing(answers.MessageBody)],
        errors=[LoginSessionNotFound],
    )
    def delete(self, request: Request, login_session_id: UUID) -> Deleted:
        """End it; its device is logged out at once."""
        end_login_session(user=user_of(request), login_session_id=login_session_id, now=timezone.now())
        return Deleted({"message": "Session ended."})
