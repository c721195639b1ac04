"""What administrators see of users and organizations; what they do goes through the services."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.models import ApiToken, LoginSession, Membership, Organization, Role, TotpDevice, User
from accounts.services.api_tokens import revoke_any_api_token
from accounts.services.deactivate import deactivate_user, reactivate_user
from accounts.services.lockouts import lockouts_of, release_log_in
from accounts.services.logins import end_login_session, end_login_sessions
from accounts.services.members import LastOwner, add_member, assign_role, expel_member, is_last_owner
from accounts.services.organizations import close_organization, create_organization, rename_organization
from accounts.services.staff import note_changed, note_created, note_password_set
from accounts.services.totp import remove_second_factor
from coditect.errors import DomainError
from coditect.journal.admin import RecordAdmin

admin.site.unregister(Group)
REDIS_AWAY = "Redis is away: what it has counted, for a minute at most, is neither seen nor forgotten"


class MembershipInline(TabularInline):
    """Who is in which organization; a row leads to the form that changes it."""

    model = Membership
    extra = 0
    fields = readonly_fields = ["user", "organization", "role", "created_at"]
    show_change_link = True

    def has_change_permission(self, *_: object, **__: object) -> bool:
        """By the form of a membership."""
        return False

    def has_add_permission(self, *_: object, **__: object) -> bool:
        """By the form of a membership."""
        return False

    def has_delete_permission(self, *_: object, **__: object) -> bool:
        """By the form of a membership."""
        return False


class PasswordForm(AdminPasswordChangeForm):
    """A new password for somebody; whoever knew the old one is logged out."""

    def save(self, commit: bool = True) -> User:
        """Set it."""
        user: User = super().save(commit)
        now = timezone.now()
        end_login_sessions(user=user, now=now)
        note_password_set(user=user, now=now)
        return user


@admin.register(User)
class CoditectUserAdmin(UserAdmin, ModelAdmin):
    """People."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = PasswordForm
    list_display = ["email", "full_name", "is_active", "is_staff", "created_at"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["email", "full_name"]
    ordering = ["email"]
    readonly_fields = ["created_at", "last_login", "log_in_limits"]
    inlines = [MembershipInline]
    actions = ["release"]
    filter_horizontal = []
    fieldsets = [
        (None, {"fields": ["email", "password", "full_name", "email_verified_at"]}),
        ("Rights", {"fields": ["is_active", "is_staff", "is_superuser"]}),
        ("Log-in", {"fields": ["log_in_limits"]}),
        ("Dates", {"fields": ["created_at", "last_login"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "full_name", "password1", "password2"]})]

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        """Save what was typed; who may log in is decided by the services, which also end what has to end."""
        now = timezone.now()
        if change:
            note_changed(user=obj, fields=form.changed_data, now=now)
        if not change or "is_active" not in form.changed_data:
            super().save_model(request, obj, form, change)
            if not change:
                note_created(user=obj, now=now)
            return
        is_active = obj.is_active
        obj.is_active = not is_active
        super().save_model(request, obj, form, change)
        switch = reactivate_user if is_active else deactivate_user
        switch(user=obj, now=now)

    @admin.display(description="Counted just now")
    def log_in_limits(self, obj: User) -> str:
        """What is counted against their log-ins, and for how long."""
        found = lockouts_of(user=obj, now=timezone.now())
        lines = [f"{one.kind}: {one.count}, for {one.seconds_left} s more" for one in found.counters] or ["nothing"]
        return "; ".join(lines if found.redis_answers else [*lines, REDIS_AWAY])

    @admin.action(description="Release log-in: forget what is counted", permissions=["change"])
    def release(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For whoever has locked themselves out, or was."""
        users = list(queryset)
        released = [release_log_in(user=user, now=timezone.now()) for user in users]
        self.message_user(request, f"{len(users)} released.")
        if not all(released):
            self.message_user(request, REDIS_AWAY, messages.WARNING)

    def has_delete_permission(self, *_: object, **__: object) -> bool:
        """Whoever must not log in is deactivated; the record of their seats stays."""
        return False


class MembershipForm(ModelForm):
    """Put somebody into an organization; afterwards change their role."""

    def clean_organization(self) -> Organization:
        """One that is still there."""
        organization: Organization = self.cleaned_data["organization"]
        if organization.status == Organization.Status.DELETED:
            raise ValidationError("This organization was deleted.")
        return organization

    def clean_role(self) -> str:
        """The last owner stays one."""
        role: str = self.cleaned_data["role"]
        is_new = self.instance._state.adding
        if role != Role.OWNER and not is_new and is_last_owner(self.instance):
            raise ValidationError(LastOwner.message)
        return role


@admin.register(Membership)
class MembershipAdmin(ModelAdmin):
    """Who is in which organization, as what."""

    form = MembershipForm
    list_display = ["user", "organization", "role", "created_at"]
    list_filter = ["role"]
    list_select_related = ["user", "organization"]
    search_fields = ["user__email", "organization__name"]
    autocomplete_fields = ["user", "organization"]
    actions = ["remove_members"]

    def has_change_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        """What was in a deleted organization is to look at."""
        is_gone = obj is not None and obj.organization.status == Organization.Status.DELETED
        return not is_gone and super().has_change_permission(request, obj)

    def get_fields(self, request: HttpRequest, obj: Membership | None = None) -> list[str]:
        """Who, where, and as what."""
        return ["user", "organization", "role"] if obj is None else ["user", "organization", "role", "created_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> list[str]:
        """Only the role changes."""
        return [] if obj is None else ["user", "organization", "created_at"]

    def save_model(self, request: HttpRequest, obj: Membership, form: ModelForm, change: bool) -> None:
        """By the services, so that seats end and the journal knows."""
        now = timezone.now()
        if change:
            assign_role(member=obj, role=obj.role, now=now)
            return
        made = add_member(organization_id=obj.organization_id, user=obj.user, role=obj.role, now=now)
        obj.pk, obj._state.adding = made.pk, False

    @admin.action(description="Remove the selected members", permissions=["remove"])
    def remove_members(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        """Put them out; last owners stay."""
        for_each(self, request, queryset, lambda member: expel_member(member=member, now=timezone.now()), "removed")

    def has_remove_permission(self, request: HttpRequest) -> bool:
        """Whoever may delete memberships."""
        return request.user.has_perm("accounts.delete_membership")

    def has_delete_permission(self, *_: object, **__: object) -> bool:
        """By the action, which goes through the service."""
        return False


@admin.register(Organization)
class OrganizationAdmin(ModelAdmin):
    """Customers."""

    list_display = ["name", "slug", "plan", "status", "created_at"]
    list_filter = ["status", "plan"]
    search_fields = ["name", "slug", "memberships__user__email"]
    readonly_fields = ["slug", "status", "plan", "created_at"]
    inlines = [MembershipInline]
    actions = ["delete_organizations"]

    def get_fields(self, request: HttpRequest, obj: Organization | None = None) -> list[str]:
        """A new one needs a name; the rest comes with it."""
        return ["name"] if obj is None else ["name", "slug", "status", "plan", "created_at"]

    def has_change_permission(self, request: HttpRequest, obj: Organization | None = None) -> bool:
        """One that was deleted is to look at."""
        is_gone = obj is not None and obj.status == Organization.Status.DELETED
        return not is_gone and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Organization, form: ModelForm, change: bool) -> None:
        """By the services: a new one gets what every organization starts with."""
        if change:
            rename_organization(organization_id=obj.pk, name=obj.name, now=timezone.now())
            return
        made = create_organization(name=obj.name, now=timezone.now())
        obj.pk, obj.slug, obj._state.adding = made.pk, made.slug, False

    @admin.action(description="Delete the selected organizations (softly)", permissions=["close"])
    def delete_organizations(self, request: HttpRequest, queryset: QuerySet[Organization]) -> None:
        """Their members lose them, their licenses are revoked, their record stays."""
        for_each(
            self,
            request,
            queryset.order_by("pk"),
            lambda organization: close_organization(organization_id=organization.pk, now=timezone.now()),
            "deleted",
        )

    def has_close_permission(self, request: HttpRequest) -> bool:
        """Whoever may delete organizations."""
        return request.user.has_perm("accounts.delete_organization")

    def has_delete_permission(self, *_: object, **__: object) -> bool:
        """Organizations are deleted softly, by the action."""
        return False


def for_each(
    console: ModelAdmin, request: HttpRequest, rows: QuerySet[Any], act: Callable[[Any], None], done: str
) -> None:
    """Do something with each row; what a service refuses is told, and does not keep the others from it."""
    count = 0
    for row in rows:
        try:
            with transaction.atomic():
                act(row)
        except DomainError as error:
            console.message_user(request, f"{row}: {error.text}", messages.ERROR)
        else:
            count += 1
    console.message_user(request, f"{count} {done}.")


@admin.register(LoginSession)
class LoginSessionAdmin(RecordAdmin):
    """Who is logged in where."""

    list_display = ["user", "ip", "user_agent", "created_at", "last_used_at", "revoked_at"]
    search_fields = ["user__email", "ip"]
    list_select_related = ["user"]
    exclude = ["refresh_jti_hash"]
    actions = ["end"]

    @admin.action(description="End the selected log-ins", permissions=["end"])
    def end(self, request: HttpRequest, queryset: QuerySet[LoginSession]) -> None:
        """Their tokens are dead at once."""
        now = timezone.now()
        live = list(LoginSession.objects.live(at=now).filter(pk__in=queryset).select_related("user"))
        for session in live:
            end_login_session(user=session.user, login_session_id=session.pk, now=now)
        self.message_user(request, f"{len(live)} log-ins ended.")


@admin.register(ApiToken)
class ApiTokenAdmin(RecordAdmin):
    """Credentials of scripts and servers, without their secrets."""

    list_display = ["name", "prefix", "user", "organization", "created_at", "expires_at", "last_used_at", "revoked_at"]
    search_fields = ["name", "prefix", "user__email", "organization__name"]
    list_select_related = ["user", "organization"]
    ordering = ["-created_at"]
    actions = ["revoke"]

    @admin.action(description="Revoke the selected tokens", permissions=["end"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """They are dead at once."""
        # tenancy: the operators of the server may take back any
        ids = list(ApiToken.objects.unrevoked().filter(pk__in=queryset).values_list("pk", flat=True))
        for token_id in ids:
            revoke_any_api_token(token_id=token_id, now=timezone.now())
        self.message_user(request, f"{len(ids)} tokens revoked.")


@admin.register(TotpDevice)
class TotpDeviceAdmin(RecordAdmin):
    """Who has a second factor."""

    list_display = ["user", "created_at", "confirmed_at", "failures"]
    search_fields = ["user__email"]
    list_select_related = ["user"]
    fields = ["user", "created_at", "confirmed_at", "failures"]
    actions = ["remove"]

    @admin.action(description="Remove the second factor of the selected users", permissions=["end"])
    def remove(self, request: HttpRequest, queryset: QuerySet[TotpDevice]) -> None:
        """For whoever lost their phone and their recovery codes; their password is enough from now on."""
        devices = list(queryset.select_related("user"))
        for device in devices:
            remove_second_factor(user=device.user, now=timezone.now())
        self.message_user(request, f"{len(devices)} second factors removed.")
