"""What Celery does for licensing."""

from celery import shared_task

from licenses.services.expire import sweep_sessions


@shared_task(name="licenses.expire_sessions")
def expire_sessions() -> None:
    """End dead seat sessions and save the deadlines of live ones."""
    sweep_sessions()
