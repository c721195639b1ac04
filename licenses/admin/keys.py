"""The keys of licenses in the console."""

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from licenses.admin.life import ReasonForm, ask_and_act
from licenses.models import License
from licenses.services.rotate_key import GRACE_DAYS, LONGEST_GRACE_DAYS, rotate_key


class RotateForm(ReasonForm):
    """How long the old keys work."""

    grace_days = forms.IntegerField(
        min_value=0,
        max_value=LONGEST_GRACE_DAYS,
        initial=GRACE_DAYS,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="For so many days the old keys still work; 0: they stop at once.",
    )


class KeyActions(ModelAdmin):
    """The action on a license's key."""

    @admin.action(description="Rotate the keys of the selected licenses", permissions=["change"])
    def rotate_keys(self, request: HttpRequest, queryset: QuerySet[License]) -> HttpResponseBase | None:
        """A new key for each."""
        return ask_and_act(
            *(self, request, queryset, RotateForm),
            consequence="Seats in use stay in use. A new key replaces the present one of these licenses:",
            act=lambda license, **told: rotate_key(license_id=license.pk, **told),
            done="rotated",
        )
