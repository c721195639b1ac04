"""The judge of what receivers got can find someone guilty."""

import pytest

from tests.webhooks.order import violations


class TestViolations:
    @pytest.mark.parametrize("received", ["abc", "aabccc", "abbbc"])
    def test_are_not_repeats_that_come_at_once(self, received: str) -> None:
        assert violations("abc", received) == []

    @pytest.mark.parametrize(
        ("received", "found"),
        [
            ("ac", ["lost: b"]),
            ("", ["lost: a", "lost: b", "lost: c"]),
            ("abxc", ["unknown: x"]),
            ("acb", ["out of order"]),
            ("abac", ["out of order: a", "out of order: a"]),
        ],
    )
    def test_are_named(self, received: str, found: list[str]) -> None:
        assert violations("abc", received) == found
