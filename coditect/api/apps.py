"""The API as an app, for its template and its script."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """See the module."""

    name = "coditect.api"
