"""Licenses are imported: all of a file, or none."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from accounts.models import Organization
from coditect.journal.services import record_events
from licenses import keys
from licenses.models import License, LicenseKey
from licenses.services.imports.errors import ImportInvalid, LineError
from licenses.services.imports.lines import ImportLine, read_line
from licenses.services.imports.rows import read_rows
from licenses.services.issue import creation_of

LINES_PER_INSERT = 500
# By the database's clock, like the sessions that they are held against.
SEAT_CHANGES = """
INSERT INTO license_seat_change (license_id, at, seats)
SELECT id, statement_timestamp(), max_seats FROM licenses_license WHERE id = ANY(%s)
"""
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, kw_only=True)
class ImportedLicense:
    """A license, and the line that it was."""

    line: int
    license: License


@dataclass(frozen=True, kw_only=True)
class Import:
    """What came of a file: `count` licenses, which a dry run has not made."""

    count: int
    licenses: Sequence[ImportedLicense] = ()


def import_licenses(*, text: str, now: datetime, is_dry_run: bool = False) -> Import:
    """Issue the license of each line of a file, or say what would be issued. Raises ImportInvalid, with every fault."""
    rows, errors = read_rows(text)
    lines = [read_line(row, errors, now=now) for row in rows]
    organizations = _find_organizations(lines)
    errors += [*_without_organization(lines, organizations), *_repeated_keys(lines), *_taken_keys(lines)]
    if errors:
        raise ImportInvalid(errors)
    if is_dry_run:
        return Import(count=len(lines))
    try:
        imported = _issue(lines, organizations, now=now)
    except IntegrityError as error:
        # Somebody took a key meanwhile.
        if faults := list(_taken_keys(lines)):
            raise ImportInvalid(faults) from error
        raise
    return Import(count=len(imported), licenses=sorted(imported, key=lambda each: each.line))


def _find_organizations(lines: Sequence[ImportLine]) -> dict[str, Organization]:
    """Organizations by what the lines call them."""
    names = {line.organization for line in lines}
    by_id = {UUID(name) for name in names if ID.fullmatch(name)}
    # tenancy: the staff of the service imports for every organization
    found = Organization.objects.active().filter(Q(pk__in=by_id) | Q(slug__in=names))
    known = {organization.slug: organization for organization in found}
    return known | {str(organization.pk): organization for organization in known.values()}


def _without_organization(lines: Sequence[ImportLine], known: Collection[str]) -> Iterator[LineError]:
    message = "There is no such organization."
    for line in lines:
        if line.organization and line.organization not in known:
            yield LineError(line=line.number, field="organization", code="organization_not_found", message=message)


def _taken_keys(lines: Sequence[ImportLine]) -> Iterator[LineError]:
    wanted = {line.key_normalized for line in lines if line.key}
    # tenancy: no two organizations ever have the same key
    taken = set(LicenseKey.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    message = "This key is, or was, that of another license."
    for line in lines:
        if line.key_normalized in taken:
            yield LineError(line=line.number, field="key", code="key_taken", message=message)


def _repeated_keys(lines: Sequence[ImportLine]) -> Iterator[LineError]:
    first: dict[str, int] = {}
    for line in lines:
        if line.key and first.setdefault(line.key_normalized, line.number) != line.number:
            message = f"Line {first[line.key_normalized]} has this key already."
            yield LineError(line=line.number, field="key", code="key_repeated", message=message)


@transaction.atomic
def _issue(
    lines: Sequence[ImportLine], organizations: Mapping[str, Organization], *, now: datetime
) -> list[ImportedLicense]:
    """In the order of their keys, so that two imports of the same keys wait for each other and not both.

    Some at a time: PostgreSQL ends a transaction in which it hears nothing for long.
    """
    imported: list[ImportedLicense] = []
    in_order = sorted(lines, key=lambda line: line.key_normalized)
    for start in range(0, len(in_order), LINES_PER_INSERT):
        some = in_order[start : start + LINES_PER_INSERT]
        licenses = [_new_license(line, organizations[line.organization], now=now) for line in some]
        _store(licenses, now=now)
        imported += [ImportedLicense(line=line.number, license=new) for line, new in zip(some, licenses, strict=True)]
    if gone := list(_without_organization(lines, _still_there(organizations))):
        raise ImportInvalid(gone)
    return imported


def _new_license(line: ImportLine, organization: Organization, *, now: datetime) -> License:
    key = line.key or keys.generate(environment=settings.CODITECT_ENV, year=now.year)
    return License(
        organization=organization,
        key_string=key,
        key_normalized=keys.normalize(key),
        tier=line.tier,
        max_seats=line.seats,
        features=line.features,
        expires_at=line.expires_at,
        created_at=now,
    )


def _store(licenses: Sequence[License], *, now: datetime) -> None:
    License.objects.bulk_create(licenses)
    with connection.cursor() as cursor:
        cursor.execute(SEAT_CHANGES, [[license.pk for license in licenses]])
    record_events([creation_of(license, at=now) for license in licenses])


def _still_there(organizations: Mapping[str, Organization]) -> set[str]:
    """Which were not deleted meanwhile; whoever deletes one from now on finds its new licenses, and revokes them."""
    ids = {organization.pk for organization in organizations.values()}
    # tenancy: those that the lines name
    there = set(Organization.objects.active().filter(pk__in=ids).order_by("pk").locked().values_list("pk", flat=True))
    return {name for name, organization in organizations.items() if organization.pk in there}
