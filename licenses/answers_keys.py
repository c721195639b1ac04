"""What the endpoints of keys and imports answer, as types."""

from datetime import datetime
from typing import Annotated, TypedDict
from uuid import UUID

from licenses.answers import LicenseBody, Seats


class RotatedKeyBody(LicenseBody):
    """A license with its new key."""

    former_key_works_until: Annotated[datetime, "From then on the key before this one answers `revoked`."]


class ImportedLicenseBody(TypedDict):
    """A license that a line of the file has become."""

    line: Annotated[int, {"minimum": 2}]
    id: UUID
    organization_id: UUID
    key_string: str
    tier: str
    max_seats: Seats
    expiry_date: datetime
    features: list[str]


class ImportBody(TypedDict):
    """What came of a file."""

    dry_run: bool
    count: Annotated[int, {"minimum": 1}, "How many licenses it is, or in a dry run would be."]
    licenses: Annotated[list[ImportedLicenseBody], "In the order of their lines; none in a dry run."]
