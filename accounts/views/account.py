"""Endpoints of one's own account."""

from collections.abc import Sequence
from typing import Any, ClassVar, cast
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from accounts import answers
from accounts.models import LoginSession, Membership, User
from accounts.serializers.account import (
    LoginSessionQuery,
    PasswordSerializer,
    ProfileSerializer,
    present_account,
    present_login_sessions,
)
from accounts.services.logins import LoginSessionNotFound, end_login_session, end_login_sessions
from accounts.services.members import LastOwner
from accounts.services.personal_data import delete_account, export_personal_data
from accounts.services.profile import update_profile
from accounts.tokens import Claims
from accounts.views.authentication import authentication_limits
from coditect.api.credentials import LOGIN_ONLY, Scopes, scoped_credential
from coditect.api.results import Deleted, Listing
from coditect.api.schema.description import Answer, Nothing, PageOf, describe
from coditect.api.throttling import Limit
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

    scopes: ClassVar[Scopes] = {"get": "read:profile", "patch": "write:profile", "delete": LOGIN_ONLY}

    def rate_limits(self, request: Request) -> Sequence[Limit]:
        """Guesses at the password count together with those of logging in."""
        if request.method == "DELETE":
            return authentication_limits(request, user_of(request).email)
        return super().rate_limits(request)

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

    @describe(
        "delete_account",
        "Delete the signed-in user",
        tag=TAG,
        request=PasswordSerializer,
        answers=[Nothing(answers.MessageBody)],
        errors=[LastOwner],
        example={"password": "SecurePass123!"},
    )
    def delete(self, request: Request) -> Deleted:
        """Forget the user, end everything of theirs, and close the organizations that they alone are in."""
        delete_account(user=user_of(request), **self.read(PasswordSerializer), now=timezone.now())
        return Deleted({"message": "The account has been deleted."})

    def show(self, user: User) -> dict[str, Any]:
        """The user, with their organizations; an API token knows of one."""
        memberships = Membership.objects.for_user(user)
        token = scoped_credential(self.request)
        return present_account(user, memberships.filter(organization=token.organization_id) if token else memberships)


class PersonalDataView(ApiView):
    """What we know of the signed-in user."""

    scopes: ClassVar[Scopes] = {"get": LOGIN_ONLY}

    @describe("export_account", "Export personal data", tag=TAG, answers=[Answer(answers.PersonalDataBody)])
    def get(self, request: Request) -> dict[str, Any]:
        """Everything, without secrets, as one document."""
        self.headers |= {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="coditect.json"'}
        return export_personal_data(user=user_of(request), now=timezone.now())


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
