"""The shapes of this app's answers, for the API's description."""

from typing import Literal, TypedDict


class ReceivedBody(TypedDict):
    """It is with us now, or was already."""

    received: Literal[True]
