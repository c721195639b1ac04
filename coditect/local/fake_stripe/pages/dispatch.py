"""Which page an address is."""

import re
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import parse_qsl

from coditect.local.fake_stripe.fake import FakeStripe
from coditect.local.fake_stripe.pages import checkout, control, portal
from coditect.local.fake_stripe.pages.html import Page, document, go_to, text
from coditect.local.fake_stripe.problems import StripeProblem

_SHOWN: list[tuple[str, Callable[..., Page]]] = [
    (r"/c/pay/(\w+)", checkout.show),
    (r"/p/session/(\w+)", portal.show),
    (r"/invoices/(\w+)", portal.show_invoice),
    (r"/control", control.show),
    (r"/control/objects/(\w+)", control.show_object),
]
_ACTED: list[tuple[str, Callable[..., Page]]] = [
    (r"/c/pay/(\w+)", checkout.act),
    (r"/p/session/(\w+)", portal.act),
    (r"/invoices/(\w+)", portal.act_on_invoice),
    (r"/control/([\w-]+)", control.act),
]


def respond(fake: FakeStripe, method: str, path: str, body: str = "") -> Page:
    """Answer a browser, problems included."""
    try:
        return _respond(fake, method, path, body)
    except StripeProblem as problem:
        return document("Fake Stripe", text(problem, css="problem"), status=problem.status)


def _respond(fake: FakeStripe, method: str, path: str, body: str) -> Page:
    if path == "/":
        return go_to("/control")
    for pattern, view in _SHOWN if method == "GET" else _ACTED:
        match = re.fullmatch(pattern, path)
        if match and method == "GET":
            return view(fake, *match.groups())
        if match:
            return view(fake, *match.groups(), dict(parse_qsl(body, keep_blank_values=True)))
    raise StripeProblem("There is no such page.", status=HTTPStatus.NOT_FOUND)
