"""Seats are bought on the checkout page."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.shop import Customer, Shop


@pytest.fixture
def customer(shop: Shop) -> Customer:
    return shop.sign_up()


class TestCheckout:
    def test_says_what_is_bought(self, page: Page, customer: Customer) -> None:
        page.goto(customer.checkout(seats=3))
        for words in ("3 of CODITECT Pro", "$147.00 per month"):
            expect(page.locator("body")).to_contain_text(words)

    def test_that_is_paid_leads_back_and_to_a_license(self, page: Page, shop: Shop, customer: Customer) -> None:
        page.goto(customer.checkout(seats=3))
        page.get_by_role("button", name="Pay with a good card").click()
        page.wait_for_url(f"{shop.back}?bought=cs_test_*")
        license = customer.wait_for_license(status="active", max_seats=3)
        assert (license["is_active"], license["available_seats"]) == (True, 3)
        assert customer.subscription()["seats"] == 3

    def test_that_is_given_up_buys_nothing(self, page: Page, shop: Shop, customer: Customer) -> None:
        page.goto(customer.checkout(seats=3))
        page.get_by_role("button", name="Cancel").click()
        page.wait_for_url(f"{shop.back}?canceled")
        assert (customer.license(), customer.subscription()["id"]) == (None, None)

    def test_with_a_declined_card_can_be_tried_again(self, page: Page, shop: Shop, customer: Customer) -> None:
        page.goto(customer.checkout(seats=3))
        page.get_by_role("button", name="Pay with a declining card").click()
        expect(page.locator("body")).to_contain_text("Your card was declined.")
        assert customer.license() is None
        page.get_by_role("button", name="Pay with a good card").click()
        page.wait_for_url(f"{shop.back}?bought=cs_test_*")
        customer.wait_for_license(status="active", max_seats=3)
