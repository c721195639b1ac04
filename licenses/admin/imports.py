"""Licenses are imported in the console."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldBooleanSwitchWidget

from licenses.services.imports.create import Import, import_licenses
from licenses.services.imports.errors import ImportInvalid
from licenses.services.imports.rows import COLUMNS, MOST_BYTES, decode_file

PAGE = "admin/licenses/license/import.html"


class ImportForm(forms.Form):
    """Which file, and whether in earnest."""

    file = forms.FileField(
        widget=UnfoldAdminFileFieldWidget,
        help_text=f"CSV in UTF-8, at most 1 MiB and 10,000 lines. Columns: {', '.join(COLUMNS)}.",
    )
    dry_run = forms.BooleanField(
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Only say what is wrong, and issue nothing.",
    )


class ImportPage(ModelAdmin):
    """A page that takes a file, and tells what is wrong with it, line by line."""

    @action(description="Import from CSV", url_path="import", permissions=["add"])  # type: ignore[untyped-decorator]  # unfold's
    def import_file(self, request: HttpRequest) -> HttpResponseBase:
        """All licenses of a file, or none."""
        form = ImportForm(request.POST or None, request.FILES or None)
        details: dict[str, Any] = {}
        if form.is_valid():
            try:
                return self._import(request, **form.cleaned_data)
            except ImportInvalid as refused:
                details = refused.details
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Import licenses",
            "media": self.media + form.media,
            "form": form,
            **details,
        }
        return TemplateResponse(request, PAGE, context)

    def _import(self, request: HttpRequest, *, file: Any, dry_run: bool) -> HttpResponseBase:
        text = decode_file(file.read(MOST_BYTES + 1))
        imported: Import = import_licenses(text=text, is_dry_run=dry_run, now=timezone.now())
        done = "The file is good. A dry run imports nothing; it would be" if dry_run else "Licenses imported:"
        messages.success(request, f"{done} {imported.count}.")
        page = "licenses_license_import_file" if dry_run else "licenses_license_changelist"
        return HttpResponseRedirect(reverse(f"admin:{page}"))
