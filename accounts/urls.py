"""Paths of accounts."""

from accounts.views import account, authentication
from coditect.api.enveloped import ENVELOPED
from coditect.api.flat import FLAT
from coditect.api.routers import Router


def register(router: Router) -> None:
    """Add this app's endpoints."""
    router.add("auth/register", authentication.RegisterView, name="register")
    router.add("auth/token", authentication.TokenView, name="log-in", only=FLAT)
    router.add("auth/token/refresh", authentication.RefreshView, name="refresh", only=FLAT)
    router.add("auth/login", authentication.LoginView, name="log-in", only=ENVELOPED)
    router.add("auth/refresh", authentication.RefreshView, name="refresh", only=ENVELOPED)
    router.add("auth/logout", account.LogoutView, name="log-out")
    router.add("auth/me", account.AccountView, name="me")
    router.add("me", account.AccountView, name="me-short", only=ENVELOPED)
    router.add("auth/sessions", account.LoginSessionListView, name="login-sessions")
    router.add("auth/sessions/<uuid:login_session_id>", account.LoginSessionView, name="login-session")
