"""Shapes of imports."""

from typing import Any

from rest_framework import serializers

from coditect.api.fields import FlagField, TextField
from licenses.services.imports.create import Import


class ImportSerializer(serializers.Serializer[Any]):
    """What an import takes."""

    csv = TextField(trim_whitespace=False, help_text="The whole file, its header included.")
    dry_run = FlagField(default=False, help_text="Only say what is wrong, and issue nothing.")


def present_import(imported: Import, *, is_dry_run: bool) -> dict[str, Any]:
    """What came of a file; new keys are told here."""
    return {
        "dry_run": is_dry_run,
        "count": imported.count,
        "licenses": [
            {
                "line": each.line,
                "id": each.license.pk,
                "organization_id": each.license.organization_id,
                "key_string": each.license.key_string,
                "tier": each.license.tier,
                "max_seats": each.license.max_seats,
                "expiry_date": each.license.last_moment,
                "features": each.license.features,
            }
            for each in imported.licenses
        ],
    }
