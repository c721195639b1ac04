"""What a receiver must have got: each event, in order, and the same one again only at once."""

from collections.abc import Sequence
from itertools import groupby


def violations(sent: Sequence[str], received: Sequence[str]) -> list[str]:
    """What is wrong with the ids that a receiver got, in the order in which it got them, of those that were to come."""
    told = [event for event, _ in groupby(received)]
    if told == list(sent):
        return []
    found = [f"lost: {event}" for event in sent if event not in set(told)]
    found += [f"unknown: {event}" for event in told if event not in set(sent)]
    found += [f"out of order: {event}" for event in told if told.count(event) > 1]
    return found or ["out of order"]
