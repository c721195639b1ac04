"""The life of a paid license as a person clicks it: bought, unpaid, suspended, paid again."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.shop import Customer, Machine, Shop

NAMES = ("laptop", "desktop", "workstation")


@pytest.fixture
def customer(shop: Shop) -> Customer:
    return shop.found()


def press(page: Page, name: str) -> None:
    """Click the first button with this name, and wait for the page that it leads to."""
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).first.click()


def buy(page: Page, customer: Customer, *, seats: int) -> Any:
    """Buy seats of Pro; the license."""
    page.goto(customer.checkout(seats=seats))
    press(page, "Pay with a good card")
    return customer.wait_for_license(status="active", max_seats=seats)


def move_clock(page: Page, shop: Shop, name: str) -> None:
    """Let Stripe's time go by."""
    page.goto(shop.control)
    press(page, name)


class TestCheckout:
    def test_says_what_is_bought(self, page: Page, customer: Customer) -> None:
        page.goto(customer.checkout(seats=3))
        expect(page.get_by_role("cell")).to_have_text(["CODITECT Pro", "3", "$49.00", "$147.00 per month"])

    def test_that_is_paid_leads_back_and_to_a_license(self, page: Page, shop: Shop, customer: Customer) -> None:
        page.goto(customer.checkout(seats=3))
        press(page, "Pay with a good card")
        page.wait_for_url(f"{shop.back}?bought=cs_test_*")
        license = customer.wait_for_license(status="active", max_seats=3)
        assert (license["is_active"], license["available_seats"]) == (True, 3)
        assert customer.subscription()["seats"] == 3

    def test_that_is_given_up_buys_nothing(self, page: Page, shop: Shop, customer: Customer) -> None:
        page.goto(customer.checkout(seats=3))
        press(page, "Cancel")
        page.wait_for_url(f"{shop.back}?canceled")
        assert (customer.license(), customer.subscription()["id"]) == (None, None)

    def test_with_a_declined_card_can_be_tried_again(self, page: Page, shop: Shop, customer: Customer) -> None:
        page.goto(customer.checkout(seats=3))
        press(page, "Pay with a declining card")
        expect(page.locator("body")).to_contain_text("Your card was declined.")
        assert customer.license() is None
        press(page, "Pay with a good card")
        page.wait_for_url(f"{shop.back}?bought=cs_test_*")
        customer.wait_for_license(status="active", max_seats=3)


class TestPortal:
    def test_cancels_and_takes_it_back(self, page: Page, customer: Customer) -> None:
        buy(page, customer, seats=1)
        page.goto(customer.portal())
        for button, is_ending in (("Cancel at the end of the period", True), ("Do not cancel", False)):
            press(page, button)
            customer.wait_for_subscription(status="active", cancel_at_period_end=is_ending)

    def test_leads_back(self, page: Page, shop: Shop, customer: Customer) -> None:
        customer.checkout(seats=1)
        page.goto(customer.portal())
        page.get_by_role("link", name="Return").click()
        page.wait_for_url(shop.back)


@pytest.fixture
def start_machine(customer: Customer) -> Iterator[Callable[[str, str], Machine]]:
    """Starts a machine with a seat, by the license's key and its own name; all of them leave at the end."""
    machines: list[Machine] = []

    def start(key: str, name: str) -> Machine:
        machines.append(Machine(customer, key, name))
        return machines[-1]

    yield start
    for machine in machines:
        machine.leave()


class TestRenewal:
    def test_that_fails_costs_the_seats_a_week_later_and_paying_brings_them_back(
        self, page: Page, shop: Shop, customer: Customer, start_machine: Callable[[str, str], Machine]
    ) -> None:
        key = buy(page, customer, seats=3)["key_string"]
        machines = [start_machine(key, name) for name in NAMES]
        assert customer.acquire(key, "one-too-many").json()["code"] == "no_seats_available"

        page.goto(customer.portal())
        press(page, "Use a card that will be declined")
        expect(page.locator("body")).to_contain_text("visa ending in 0341")
        move_clock(page, shop, "Advance beyond the next renewal")
        customer.wait_for_subscription(status="past_due")
        assert customer.license()["status"] == "active"
        assert not any(machine.promises[-1]["revoking"] for machine in machines)

        move_clock(page, shop, "Advance 7 days")
        customer.wait_for_license(status="suspended")
        for machine in machines:
            refused_at, refusal = machine.wait_until_refused()
            assert refusal["code"] == "seat_revoked"
            assert machine.promises[-1]["revoking"]
            assert refused_at >= machine.promised_until
        assert customer.acquire(key, NAMES[0]).json()["code"] == "license_suspended"
        assert customer.license()["active_seats"] == 0

        page.goto(customer.portal())
        press(page, "Pay now")
        expect(page.locator("body")).to_contain_text("Your card was declined.")
        press(page, "Use a good card")
        press(page, "Pay now")
        customer.wait_for_subscription(status="active")
        customer.wait_for_license(status="active", max_seats=3)
        assert [customer.acquire(key, name).status_code for name in NAMES] == [201, 201, 201]
