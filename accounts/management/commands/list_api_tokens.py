"""`manage.py list_api_tokens`: which API tokens there are, and when each was last used; never a token itself."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.models import ApiToken, normalize_email


class Command(BaseCommand):
    """See the module."""

    help = "List the API tokens that have not been revoked, the newest first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose."""
        parser.add_argument("--email", help="only those that this user made")

    def handle(self, *_: Any, email: str | None, **__: Any) -> None:
        """List them."""
        # tenancy: the operators of the server see all
        tokens = ApiToken.objects.unrevoked().select_related("user", "organization").order_by("-created_at")
        if email:
            tokens = tokens.filter(user__email=normalize_email(email))
        for token in tokens:
            used = f"{token.last_used_at:%Y-%m-%d}" if token.last_used_at else "never"
            about = (
                token.pk,
                f"{token.prefix}…",
                token.user,
                token.organization,
                " ".join(token.scopes),
                f"used {used}",
            )
            self.stdout.write("  ".join(map(str, about)))
