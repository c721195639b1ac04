"""Paths of accounts."""

from accounts import views
from coditect.api.enveloped import ENVELOPED
from coditect.api.flat import FLAT
from coditect.api.routers import Router


def register(router: Router) -> None:
    """Add this app's endpoints."""
    router.add("auth/register", views.RegisterView, name="register")
    router.add("auth/token", views.TokenView, name="log-in", only=FLAT)
    router.add("auth/token/refresh", views.RefreshView, name="refresh", only=FLAT)
    router.add("auth/login", views.LoginView, name="log-in", only=ENVELOPED)
    router.add("auth/refresh", views.RefreshView, name="refresh", only=ENVELOPED)
