"""Keys that a license had before: good until their grace ends, and for nothing after it."""

from datetime import datetime

from licenses.models import License, LicenseKey

KEY_REPLACED = "This license key was replaced by a new one and works no more."


def is_retired(license: License, key_normalized: str, *, at: datetime) -> bool:
    """Whether a key, by which the license was found, is one that it has no more and whose grace is over."""
    if license.key_normalized == key_normalized:
        return False
    former = LicenseKey.objects.filter(license=license, pk=key_normalized).first()
    return former is None or not former.still_works(at=at)
