"""manage.py write_schema: write the OpenAPI documents into docs/openapi."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.module_loading import import_string

import coditect
from coditect.api.docs import document_text
from coditect.api.schema.forms import FORMS


class Command(BaseCommand):
    """See the module."""

    help = "Write the OpenAPI documents of both dialects into docs/openapi."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Write them."""
        router = import_string(f"{settings.ROOT_URLCONF}.router")
        folder = Path(coditect.__file__).parent.parent / "docs/openapi"
        folder.mkdir(parents=True, exist_ok=True)
        for form in FORMS:
            file = folder / f"{form.title}.json"
            file.write_text(document_text(router, form), encoding="utf-8")
            self.stdout.write(str(file))
