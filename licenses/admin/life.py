"""What the staff of the service does to licenses in the console: each action asks on a page of its own first."""

from collections.abc import Callable
from datetime import datetime

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from accounts.admin import for_each
from accounts.models import Organization
from licenses.models import License
from licenses.services.life import reinstate_license, renew_license, revoke_license, suspend_license
from licenses.services.transfer import transfer_license

PAGE = "admin/licenses/license/life.html"


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="For the audit; the organization reads it, too.",
    )


class ReinstateForm(ReasonForm):
    """Whose suspension is lifted."""

    hold = forms.ChoiceField(
        label="Suspended by",
        choices=License.Hold.choices,
        initial=License.Hold.OPERATOR,
        widget=UnfoldAdminSelectWidget,
    )


class RevokeForm(ReasonForm):
    """Whether what was promised is kept."""

    immediately = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="End the seats in use now, instead of letting them run out.",
    )


class RenewForm(ReasonForm):
    """Until when."""

    expires_at = forms.SplitDateTimeField(
        required=False, widget=UnfoldAdminSplitDateTimeWidget, help_text="Empty: for ever."
    )

    def clean_expires_at(self) -> datetime | None:
        """Not in the past."""
        expires_at: datetime | None = self.cleaned_data["expires_at"]
        if expires_at and expires_at <= timezone.now():
            raise ValidationError("The expiry must lie in the future.")
        return expires_at


class TransferForm(ReasonForm):
    """To whom."""

    organization = forms.ModelChoiceField(
        queryset=Organization.objects.active(),  # tenancy: the staff of the service hands a license to anybody
        to_field_name="slug",
        widget=UnfoldAdminTextInputWidget,
        help_text="The slug of the organization that gets it.",
        error_messages={"invalid_choice": "No organization has this slug."},
    )


class LifeActions(ModelAdmin):
    """The actions of a license's life."""

    @admin.action(description="Suspend the selected licenses", permissions=["change"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[License]) -> HttpResponseBase | None:
        """Until the operator reinstates them."""
        return ask_and_act(
            *(self, request, queryset, ReasonForm),
            consequence="No seat can be taken, and those in use run out, until you reinstate these licenses:",
            act=lambda license, **told: suspend_license(license_id=license.pk, hold=License.Hold.OPERATOR, **told),
            done="suspended",
        )

    @admin.action(description="Reinstate the selected licenses", permissions=["change"])
    def reinstate(self, request: HttpRequest, queryset: QuerySet[License]) -> HttpResponseBase | None:
        """Lift one hold."""
        return ask_and_act(
            *(self, request, queryset, ReinstateForm),
            consequence="Unless somebody else suspended them, too, seats can be taken again of these licenses:",
            act=lambda license, **told: reinstate_license(license_id=license.pk, **told),
            done="reinstated",
        )

    @admin.action(description="Revoke the selected licenses", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[License]) -> HttpResponseBase | None:
        """For good."""
        return ask_and_act(
            *(self, request, queryset, RevokeForm),
            consequence="Nothing brings these licenses back:",
            act=lambda license, **told: revoke_license(license_id=license.pk, **told),
            done="revoked",
        )

    @admin.action(description="Renew the selected licenses", permissions=["change"])
    def renew(self, request: HttpRequest, queryset: QuerySet[License]) -> HttpResponseBase | None:
        """Until a moment, or for ever."""
        return ask_and_act(
            *(self, request, queryset, RenewForm),
            consequence="From now on these licenses end when you say:",
            act=lambda license, **told: renew_license(license_id=license.pk, **told),
            done="renewed",
        )

    @admin.action(description="Transfer the selected licenses", permissions=["change"])
    def transfer(self, request: HttpRequest, queryset: QuerySet[License]) -> HttpResponseBase | None:
        """To another organization."""
        return ask_and_act(
            *(self, request, queryset, TransferForm),
            consequence="Seats of those who may hold none in the other organization end at once, of these licenses:",
            act=lambda license, organization, **told: transfer_license(
                license_id=license.pk, organization_id=organization.pk, **told
            ),
            done="transferred",
        )


def ask_and_act(
    console: ModelAdmin,
    request: HttpRequest,
    licenses: QuerySet[License],
    form_class: type[ReasonForm],
    *,
    consequence: str,
    act: Callable[..., object],
    done: str,
) -> HttpResponseBase | None:
    """Show a form; once it is sent and valid, do what it asks to each license, in id order, as all who lock several."""
    form = form_class(request.POST if "confirmed" in request.POST else None)
    licenses = licenses.select_related("organization").order_by("pk")

    def act_on(license: License) -> None:
        act(license, now=timezone.now(), **form.cleaned_data)

    if form.is_valid():
        for_each(console, request, licenses, act_on, done)
        return None
    context = {
        **console.admin_site.each_context(request),
        "opts": console.opts,
        "title": f"Licenses to be {done}",
        "media": console.media + form.media,
        "consequence": consequence,
        "queryset": licenses,
        "form": form,
        "action": request.POST["action"],
        "select_across": request.POST.get("select_across", "0"),
        "action_checkbox_name": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, PAGE, context)
