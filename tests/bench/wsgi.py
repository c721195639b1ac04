"""The product's WSGI application with the bench's paths."""

from django.conf import settings

from coditect.wsgi import application

settings.ROOT_URLCONF = "tests.bench.urls"

__all__ = ["application"]
