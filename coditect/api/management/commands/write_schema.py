"""manage.py write_schema: write the OpenAPI documents into docs/openapi, and the page of events beside them."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.module_loading import import_string

import coditect
from coditect.api.docs import document_text
from coditect.api.schema.event_page import event_page
from coditect.api.schema.forms import FORMS


class Command(BaseCommand):
    """See the module."""

    help = "Write the OpenAPI documents of both dialects into docs/openapi, and docs/webhook-events.md."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Write them."""
        router = import_string(f"{settings.ROOT_URLCONF}.router")
        docs = Path(coditect.__file__).parent.parent / "docs"
        texts = {f"openapi/{form.title}.json": document_text(router, form) for form in FORMS}
        for name, text in (texts | {"webhook-events.md": event_page()}).items():
            file = docs / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            self.stdout.write(str(file))
