"""The composition root: settings, URLs, and what every app stands on."""

from coditect.celery import app as celery_app

__all__ = ["celery_app"]
