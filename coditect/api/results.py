"""What a view may answer besides a plain dict (which is a 200)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet


@dataclass(frozen=True)
class Created:
    """A 201 with the new object."""

    data: dict[str, Any]


@dataclass(frozen=True)
class Deleted:
    """Nothing to say: a 204, or where a dialect cannot do that, a 200 with this body."""

    data: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A list to be paged: `key` is the resource's plural, `present` turns a page's rows into plain data.

    `sort` is a field or annotation of the rows, `-` before it for descending; the id breaks ties.
    """

    key: str
    rows: QuerySet[Any]
    sort: str
    present: Callable[[Sequence[Any]], list[dict[str, Any]]]
