"""URLs that webhooks are never sent to, by operations that take one: refused, and nothing is written."""

from contextlib import closing

import pytest
from pytest_django import Settings

from tests.dialects import NAMES, Api
from tests.factories import Person
from tests.tables.cases import Table
from tests.webhooks.factories import make_endpoint
from tests.webhooks.name_server import NameServer
from tests.webhooks.odd_urls import INSIDE, ODD, literal
from webhooks.models import Endpoint

# A text in a body is trimmed.
URLS = {name: url for name, url in ODD.items() if url == url.strip()} | {ip: literal(ip) for ip in INSIDE[::4]}
GOOD = "https://93.184.215.14/hook"


@pytest.mark.usefixtures("unmeasured")
@pytest.mark.parametrize("dialect", NAMES)
def test_webhook_urls(dialect: str, owner: Person, settings: Settings) -> None:
    """Whatever is wrong with one, no name server is asked for it."""
    settings.IS_DEVELOPMENT = False
    endpoint = make_endpoint(owner.organization, url=GOOD)
    api, table = Api(dialect, owner.token), Table("webhook URLs")
    with closing(NameServer()) as name_server:
        settings.WEBHOOK_NAME_SERVERS = [name_server.address]
        for name, url in URLS.items():
            with table.case(f"create, {name}"):
                answer = api.post("webhooks", {"url": url, "events": ["*"]})
                assert answer.status in {400, 422}, answer.content
                assert Endpoint.objects.count() == 1
            with table.case(f"change, {name}"):
                answer = api.patch("webhook", {"url": url}, webhook_id=endpoint.pk)
                assert answer.status in {400, 422}, answer.content
                assert Endpoint.objects.get().url == GOOD
        assert not name_server.questions
    table.done()
