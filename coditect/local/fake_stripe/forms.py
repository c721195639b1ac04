"""Stripe's requests: forms whose keys spell out nested objects, `items[0][price]=price_1`."""

import re
from typing import Any
from urllib.parse import parse_qsl

from coditect.local.fake_stripe.problems import InvalidParameters

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


def parse_form(text: str) -> dict[str, Any]:
    """Return nested dicts of strings; lists are dicts with numbers for keys until the shapes say what they are.

    Raises InvalidParameters for a key that no client of Stripe's would write.
    """
    found: dict[str, Any] = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        match = _KEY.fullmatch(key)
        if match is None:
            raise InvalidParameters(f"Invalid parameter name: {key}", param=key)
        _put(found, path=[match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])], value=value)
    return found


def _put(target: dict[str, Any], *, path: list[str], value: str) -> None:
    *parents, last = path
    for name in parents:
        inner = target.setdefault(name or str(len(target)), {})
        if not isinstance(inner, dict):
            raise InvalidParameters(f"Invalid parameter: {path[0]} is given as a value and as an object", param=path[0])
        target = inner
    target[last or str(len(target))] = value
