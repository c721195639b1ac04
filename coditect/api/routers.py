"""Mounts each endpoint once per dialect, so that no view knows which one it speaks."""

from dataclasses import dataclass

from django.urls import URLResolver, include, path

from coditect.api.dialects import Dialect
from coditect.api.enveloped import ENVELOPED
from coditect.api.flat import FLAT
from coditect.api.views import ApiView

DIALECTS = (FLAT, ENVELOPED)


@dataclass(frozen=True)
class Route:
    """A path without prefix or slash, its view, and the dialects that have it."""

    path: str
    view: type[ApiView]
    name: str
    dialects: tuple[Dialect, ...]


class Router:
    """Collects the routes of every app."""

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def add(self, path: str, view: type[ApiView], *, name: str, only: Dialect | None = None) -> None:
        """Serve `path` by `view` in both dialects, or `only` in one. Reversed as `<dialect>:<name>`."""
        self.routes.append(Route(path, view, name, (only,) if only else DIALECTS))

    def mount(self, dialect: Dialect) -> URLResolver:
        """The paths of one dialect, below its prefix, so that the other's requests pass them all at one look."""
        patterns = [
            path(f"{route.path}{dialect.slash}", route.view.as_view(dialect=dialect), name=route.name)
            for route in self.routes
            if dialect in route.dialects
        ]
        return path(dialect.prefix, include((patterns, dialect.name)))
