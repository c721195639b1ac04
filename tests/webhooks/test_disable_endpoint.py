"""An endpoint that is gone, fails for days, or is switched off gets nothing more, and its owners hear of it."""

import pytest
from django.utils import timezone

from accounts.models import Membership, Role
from coditect.journal.models import Event, Mail
from tests.factories import Person, make_person
from tests.mails import deliver, deliver_one, text_of
from tests.webhooks.factories import make_delivery, make_endpoint
from webhooks.models import Delivery, Endpoint
from webhooks.services.disable import disable_endpoint

Reason = Endpoint.DisabledReason
SAID = {
    Reason.GONE: "Its server answered 410 Gone",
    Reason.FAILING: "For five days its server took no event",
    Reason.OPERATOR: "Our operators did so",
}


@pytest.fixture
def endpoint(owner: Person) -> Endpoint:
    """One of the owner's organization."""
    return make_endpoint(owner.organization, url="https://hooks.example.com/in?token=swordfish")


def disable(endpoint: Endpoint, reason: Reason = Reason.FAILING) -> bool:
    """Disable it, now."""
    return disable_endpoint(endpoint_id=endpoint.pk, reason=reason, now=timezone.now())


def told() -> list[Event]:
    """The entries of the audit."""
    return list(Event.objects.filter(type="webhook.disabled"))


class TestDisableEndpoint:
    @pytest.mark.parametrize("reason", list(Reason))
    def test_says_why(self, endpoint: Endpoint, reason: Reason) -> None:
        assert disable(endpoint, reason)
        endpoint.refresh_from_db()
        assert (endpoint.status, endpoint.disabled_reason) == ("disabled", reason)
        (event,) = told()
        assert (event.organization_id, event.subject_id) == (endpoint.organization_id, endpoint.pk)
        assert event.data == {"webhook_id": str(endpoint.pk), "reason": reason}

    def test_keeps_what_is_pending(self, endpoint: Endpoint) -> None:
        delivery = make_delivery(endpoint)
        disable(endpoint)
        assert Delivery.objects.in_lane().get() == delivery

    def test_happens_once(self, endpoint: Endpoint) -> None:
        assert disable(endpoint, Reason.GONE)
        assert not disable(endpoint, Reason.FAILING)
        endpoint.refresh_from_db()
        assert endpoint.disabled_reason == Reason.GONE
        assert (len(told()), Mail.objects.count()) == (1, 1)

    def test_leaves_a_deleted_one_alone(self, endpoint: Endpoint) -> None:
        Endpoint.objects.filter(pk=endpoint.pk).delete()
        assert not disable(endpoint)
        assert told() == []


class TestMail:
    @pytest.mark.parametrize("reason", list(SAID))
    def test_says_which_endpoint_and_why(self, owner: Person, endpoint: Endpoint, reason: Reason) -> None:
        disable(endpoint, reason)
        letter = deliver_one()
        assert letter.subject == f"A webhook of {owner.organization.name} was disabled"
        text = text_of(letter)
        assert "\n    https://hooks.example.com/in\n" in text
        assert {said for said in SAID.values() if said in text} == {SAID[reason]}
        assert "swordfish" not in text

    def test_goes_to_owners_and_admins(self, owner: Person, outsider: Person, endpoint: Endpoint) -> None:
        people = {role: make_person(role, organization=owner.organization) for role in Role.values}
        disable(endpoint)
        expected = {person.membership.user.email for person in (owner, people[Role.OWNER], people[Role.ADMIN])}
        assert {letter.to[0] for letter in deliver()} == expected

    def test_does_not_tell_the_customer_what_they_did_themselves(self, endpoint: Endpoint) -> None:
        disable(endpoint, Reason.CUSTOMER)
        assert deliver() == []

    def test_is_not_sent_once_the_endpoint_is_enabled_again(self, endpoint: Endpoint) -> None:
        disable(endpoint)
        Endpoint.objects.filter(pk=endpoint.pk).update(status="enabled", disabled_reason="")
        assert deliver() == []

    def test_is_not_sent_once_the_endpoint_is_deleted(self, endpoint: Endpoint) -> None:
        disable(endpoint)
        Endpoint.objects.filter(pk=endpoint.pk).delete()
        assert deliver() == []

    def test_is_not_sent_to_who_is_no_admin_any_more(self, owner: Person, endpoint: Endpoint) -> None:
        make_person(Role.OWNER, organization=owner.organization)
        disable(endpoint)
        Membership.objects.filter(pk=owner.membership.pk).update(role=Role.MEMBER)
        assert owner.membership.user.email not in {letter.to[0] for letter in deliver()}
