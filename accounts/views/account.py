"""Endpoints of one's own account."""

from typing import Any, cast
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request

from accounts.models import LoginSession, Membership, User
from accounts.serializers.account import (
    LoginSessionQuery,
    ProfileSerializer,
    present_account,
    present_login_sessions,
)
from accounts.services.logins import end_login_session, end_login_sessions
from accounts.services.profile import update_profile
from accounts.tokens import Claims
from coditect.api.results import Deleted, Listing
from coditect.api.views import ApiView


def user_of(request: Request) -> User:
    """The signed-in user."""
    return cast("User", request.user)


def login_session_of(request: Request) -> UUID:
    """The login session behind the access token."""
    return cast("Claims", request.auth).login_session_id


class LogoutView(ApiView):
    """Log out."""

    def post(self, request: Request) -> Deleted:
        """End the login session that the access token belongs to."""
        end_login_session(user=user_of(request), login_session_id=login_session_of(request), now=timezone.now())
        return Deleted({"message": "Logged out."})


class AccountView(ApiView):
    """The signed-in user."""

    def get(self, request: Request) -> dict[str, Any]:
        """Show them, with their organizations."""
        return self.show(user_of(request))

    def patch(self, request: Request) -> dict[str, Any]:
        """Change their name; whatever else is sent is ignored."""
        return self.show(update_profile(user=user_of(request), now=timezone.now(), **self.read(ProfileSerializer)))

    def show(self, user: User) -> dict[str, Any]:
        """The user, with their organizations."""
        return present_account(user, Membership.objects.current().filter(user=user))


class LoginSessionListView(ApiView):
    """Where the user is logged in."""

    def get(self, request: Request) -> Listing:
        """List the log-ins that are still good."""
        query, current = LoginSessionQuery(request), login_session_of(request)
        return Listing(
            key="sessions",
            rows=LoginSession.objects.filter(user=user_of(request)).live(at=timezone.now()),
            sort=query.sort,
            present=lambda rows: present_login_sessions(rows, current=current),
        )

    def delete(self, request: Request) -> Deleted:
        """End all but the one that asks."""
        ended = end_login_sessions(user=user_of(request), now=timezone.now(), keep=login_session_of(request))
        return Deleted({"message": "All other sessions have been ended.", "ended": ended})


class LoginSessionView(ApiView):
    """One log-in."""

    def delete(self, request: Request, login_session_id: UUID) -> Deleted:
        """End it; its device is logged out at once."""
        end_login_session(user=user_of(request), login_session_id=login_session_id, now=timezone.now())
        return Deleted({"message": "Session ended."})
