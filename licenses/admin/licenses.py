"""Licenses in the console."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextInputWidget

from licenses import keys
from licenses.admin.imports import ImportPage
from licenses.admin.keys import KeyActions
from licenses.admin.life import LifeActions
from licenses.models import License, LicenseKey
from licenses.services.capacity import change_seats
from licenses.services.issue import LONGEST_KEY, issue_license

SHOWN = [
    "organization",
    "key_string",
    "tier",
    "status",
    "holds",
    "expires_at",
    "features",
    "created_at",
    "transferred_at",
]


class LicenseForm(forms.ModelForm):
    """Issue a license, with a new key or an imported one; afterwards change its seat count."""

    key = forms.CharField(
        required=False,
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
        help_text="Empty: a new key. Else an existing key to import.",
    )

    class Meta:
        model = License
        fields = ["organization", "tier", "max_seats", "expires_at"]

    def clean_key(self) -> str:
        """Neither mistyped nor in use."""
        key: str = self.cleaned_data["key"]
        normalized = keys.normalize(key)
        if key and (not normalized or keys.is_malformed(normalized)):
            raise ValidationError("The key has a typing error: its check characters do not fit.")
        # tenancy: no two organizations have the same key
        if LicenseKey.objects.filter(pk=normalized).exists():
            raise ValidationError("This key is already in use.")
        if max(len(key), len(normalized)) > LONGEST_KEY:
            raise ValidationError(f"A key has at most {LONGEST_KEY} characters.")
        return key

    def clean_expires_at(self) -> datetime | None:
        """Not in the past."""
        expires_at: datetime | None = self.cleaned_data["expires_at"]
        if expires_at and expires_at <= timezone.now():
            raise ValidationError("The expiry must lie in the future.")
        return expires_at


@admin.register(License)
class LicenseAdmin(ImportPage, KeyActions, LifeActions):
    """Licenses."""

    form = LicenseForm
    list_display = [
        "key_string",
        "organization",
        "tier",
        "status_now",
        "max_seats",
        "expires_at",
        "created_at",
    ]
    list_filter = ["status", "tier"]
    ordering = ["-created_at"]
    search_fields = ["key_string", "organization__name", "organization__memberships__user__email"]
    list_select_related = ["organization"]
    autocomplete_fields = ["organization"]
    actions = ["suspend", "reinstate", "revoke", "renew", "transfer", "rotate_keys"]
    actions_list = ["import_file"]

    @admin.display(description="Status")
    def status_now(self, license: License) -> str:
        """Active, expired, suspended or revoked."""
        return license.status_at(timezone.now())

    def get_fields(self, request: HttpRequest, obj: License | None = None) -> list[str]:
        """A key is chosen when the license is issued and shown ever after."""
        if obj is None:
            return ["organization", "tier", "max_seats", "expires_at", "key"]
        return [*SHOWN, "max_seats"]

    def get_readonly_fields(self, request: HttpRequest, obj: License | None = None) -> list[str]:
        """Only the seat count of an issued license changes here."""
        if obj is None:
            return []
        return SHOWN

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[License], search_term: str
    ) -> tuple[QuerySet[License], bool]:
        """Keys are found however they are written, and by those that they had before."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        # tenancy: the staff of the service finds any license by any key
        by_key = LicenseKey.objects.filter(pk=keys.normalize(search_term)).values("license")
        return found | queryset.filter(pk__in=by_key), may_repeat

    def save_model(self, request: HttpRequest, obj: License, form: LicenseForm, change: bool) -> None:
        """Issue it, or change its seat count, by the service."""
        if change:
            change_seats(license_id=obj.pk, seats=form.cleaned_data["max_seats"])
            return
        issued = issue_license(
            organization=obj.organization,
            tier=obj.tier,
            seats=obj.max_seats,
            expires_at=obj.expires_at,
            key=form.cleaned_data["key"] or None,
            now=timezone.now(),
        )
        obj.pk, obj.key_string = issued.pk, issued.key_string

    def has_delete_permission(self, *_: Any, **__: Any) -> bool:
        """Licenses end; their record stays."""
        return False
