"""What Celery does for accounts."""

from celery import shared_task
from django.utils import timezone

from accounts.services.one_time_codes import forget_codes
from accounts.services.one_time_tokens import forget_tokens


@shared_task(name="accounts.forget_secrets")
def forget_secrets() -> None:
    """Delete the traces of one-time secrets that have run out."""
    now = timezone.now()
    forget_tokens(now=now)
    forget_codes(now=now)
