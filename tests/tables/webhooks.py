"""What the operations of webhooks need to be there, and what they are sent."""

from typing import Any

from tests.factories import Person
from tests.tables.world import World
from tests.webhooks.factories import URL, make_endpoint


def own_webhook(world: World, person: Person) -> Any:
    """The id of an endpoint of the person's organization."""
    return make_endpoint(person.organization).pk


def public_url(world: World, person: Person) -> Any:
    """A URL that nobody has to be asked about."""
    return URL


WEBHOOK: dict[str, Any] = {"path": {"webhook_id": own_webhook}, "not_found": "webhook_not_found"}
NEW_WEBHOOK: dict[str, Any] = {"url": public_url, "events": ["license.created"]}
CHANGES: dict[str, Any] = {"url": public_url, "events": ["*"], "status": "disabled"}
