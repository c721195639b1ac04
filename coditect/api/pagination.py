"""Pages of a list: by offset for the flat dialect, by signed cursor for the enveloped one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core import signing
from django.db.models import Q
from django.http import HttpRequest

from coditect.api.queries import InvalidQuery
from coditect.api.results import Listing

CURSOR_SALT = "coditect.cursor"
# More than any bound has, and few enough that int() and PostgreSQL can take them.
DIGITS = 12


@dataclass(frozen=True)
class OffsetPage:
    """Rows at an offset, the whole count, and where its neighbours start (None at an end)."""

    rows: Sequence[Any]
    count: int
    next_offset: int | None
    previous_offset: int | None


@dataclass(frozen=True)
class CursorPage:
    """Rows after a cursor, and the cursor of the next page (None at the end)."""

    rows: Sequence[Any]
    next_cursor: str | None


def offset_page(listing: Listing, request: HttpRequest, *, default: int, maximum: int) -> OffsetPage:
    """The page that `limit` and `offset` ask for. Raises InvalidQuery."""
    limit = _whole_number(request, "limit", default, lowest=1, highest=maximum)
    offset = _whole_number(request, "offset", 0, lowest=0, highest=2**31)
    if "cursor" in request.GET:
        raise InvalidQuery("cursor", "This list is paged by offset; there is no cursor here.")
    rows = listing.rows.order_by(listing.sort, "id")
    count = rows.count()
    return OffsetPage(
        rows=list(rows[offset : offset + limit]),
        count=count,
        next_offset=offset + limit if offset + limit < count else None,
        previous_offset=max(0, offset - limit) if offset else None,
    )


def cursor_page(listing: Listing, request: HttpRequest, *, default: int, maximum: int) -> CursorPage:
    """The page after `cursor`. Raises InvalidQuery, also for a cursor that is not ours or of another order."""
    limit = _whole_number(request, "limit", default, lowest=1, highest=maximum)
    if "offset" in request.GET:
        raise InvalidQuery("offset", "This list is paged by cursor; there is no offset here.")
    name, is_descending = listing.sort.removeprefix("-"), listing.sort.startswith("-")
    rows = listing.rows.order_by(listing.sort, "-id" if is_descending else "id")
    if cursor := request.GET.get("cursor"):
        rows = rows.filter(_after(_read_cursor(cursor, listing.sort), name, is_descending=is_descending))
    found = list(rows[: limit + 1])
    page = found[:limit]
    return CursorPage(rows=page, next_cursor=_write_cursor(page[-1], listing.sort) if len(found) > limit else None)


def _after(position: tuple[Any, str], name: str, *, is_descending: bool) -> Q:
    value, row_id = position
    comparison = "lt" if is_descending else "gt"
    return Q(**{f"{name}__{comparison}": value}) | Q(**{name: value, f"id__{comparison}": row_id})


def _write_cursor(row: Any, sort: str) -> str:
    value = getattr(row, sort.removeprefix("-"))
    is_moment = isinstance(value, datetime)
    text = value.isoformat() if is_moment else value
    return signing.dumps([sort, is_moment, text, str(row.pk)], salt=CURSOR_SALT)


def _read_cursor(cursor: str, sort: str) -> tuple[Any, str]:
    try:
        written_sort, is_moment, text, row_id = signing.loads(cursor, salt=CURSOR_SALT)
        value = datetime.fromisoformat(text) if is_moment else text
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise InvalidQuery("cursor", "This cursor is not valid.") from error
    if written_sort != sort:
        raise InvalidQuery("cursor", "This cursor belongs to another sort order.")
    return value, row_id


def _whole_number(request: HttpRequest, name: str, default: int, *, lowest: int, highest: int) -> int:
    text = request.GET.get(name)
    if text is None:
        return default
    is_number = text.isascii() and text.isdecimal() and len(text) <= DIGITS
    if not is_number or not lowest <= int(text) <= highest:
        raise InvalidQuery(name, f"{name} must be a whole number from {lowest} to {highest}.")
    return int(text)
