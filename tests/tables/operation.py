"""One operation of the API in the tables: how to ask for it validly, and who may."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.models import Role
from tests.dialects import NAMES
from tests.factories import Person
from tests.tables.world import ACTORS, ANONYMOUS, OUTSIDER, STAFF, World

Make = Callable[[World, Person], Any]

ANYBODY = frozenset(ACTORS)
SIGNED_IN = ANYBODY - {ANONYMOUS}
SEATED = SIGNED_IN - {Role.VIEWER}
ADMINS = frozenset({Role.OWNER, Role.ADMIN, OUTSIDER})
OWNERS = frozenset({Role.OWNER, OUTSIDER})
STAFF_ALONE = frozenset({STAFF})


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation.

    `may`: who succeeds on what is their own; the outsider owns another organization. `path` and `body` (a GET's query)
    say how values are made for somebody, and `given` makes what must be there besides; `not_found` is the code that
    hides another organization's object, where there is one.
    `hidden_from`: roles that do not see a colleague's object. `is_silent`: there is nothing to say, so a 204 where the
    dialect has it.
    """

    name: str
    method: str
    may: frozenset[str] = SIGNED_IN
    success: int = 200
    path: Mapping[str, Make] = field(default_factory=dict)
    body: Mapping[str, Make | str | int | list[str]] = field(default_factory=dict)
    given: Make | None = None
    not_found: str | None = None
    object_in_body: str | None = None
    hidden_from: frozenset[str] = frozenset()
    is_silent: bool = False
    media_type: str = "application/json"
    dialects: tuple[str, ...] = NAMES

    @property
    def id(self) -> str:
        """What a test calls it."""
        return f"{self.method} {self.name}"

    @property
    def sender(self) -> str:
        """An actor who succeeds."""
        return STAFF if STAFF in self.may else Role.OWNER

    @property
    def is_write(self) -> bool:
        """Whether it may have a body."""
        return self.method != "GET"

    def path_for(self, world: World, person: Person) -> dict[str, Any]:
        """The path's values on objects of a person."""
        if self.given is not None:
            self.given(world, person)
        return {name: make(world, person) for name, make in self.path.items()}

    def body_for(self, world: World, person: Person) -> dict[str, Any]:
        """A valid body on objects of a person."""
        return {name: make(world, person) if callable(make) else make for name, make in self.body.items()}
