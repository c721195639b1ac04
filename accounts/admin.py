"""What administrators see of users and organizations."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.models import LoginSession, Membership, Organization, User
from accounts.services.organizations import create_organization

admin.site.unregister(Group)


class MembershipInline(TabularInline):
    """Who is in which organization."""

    model = Membership
    extra = 0
    autocomplete_fields = ["user", "organization"]


@admin.register(User)
class CoditectUserAdmin(UserAdmin, ModelAdmin):
    """People."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["email", "full_name", "is_active", "is_staff", "created_at"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["email", "full_name"]
    ordering = ["email"]
    readonly_fields = ["created_at", "last_login"]
    inlines = [MembershipInline]
    filter_horizontal = []
    fieldsets = [
        (None, {"fields": ["email", "password", "full_name", "email_verified_at"]}),
        ("Rights", {"fields": ["is_active", "is_staff", "is_superuser"]}),
        ("Dates", {"fields": ["created_at", "last_login"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "full_name", "password1", "password2"]})]


@admin.register(Organization)
class OrganizationAdmin(ModelAdmin):
    """Customers."""

    list_display = ["name", "slug", "plan", "status", "created_at"]
    list_filter = ["status", "plan"]
    search_fields = ["name", "slug", "memberships__user__email"]
    readonly_fields = ["plan", "created_at"]
    inlines = [MembershipInline]

    def get_fields(self, request: HttpRequest, obj: Organization | None = None) -> list[str]:
        """A new one needs a name; the rest comes with it."""
        return ["name"] if obj is None else ["name", "slug", "status", "plan", "created_at"]

    def save_model(self, request: HttpRequest, obj: Organization, form: ModelForm, change: bool) -> None:
        """Make it by the service, so that it gets what every organization starts with."""
        if change:
            super().save_model(request, obj, form, change)
            return
        made = create_organization(name=obj.name, now=timezone.now())
        obj.pk, obj.slug, obj._state.adding = made.pk, made.slug, False

    def has_delete_permission(self, *_: object, **__: object) -> bool:
        """Organizations are deleted softly, by a service."""
        return False


@admin.register(LoginSession)
class LoginSessionAdmin(ModelAdmin):
    """Who is logged in where; to look at."""

    list_display = ["user", "ip", "user_agent", "created_at", "last_used_at", "revoked_at"]
    search_fields = ["user__email", "ip"]
    list_select_related = ["user"]
    exclude = ["refresh_jti_hash"]

    def has_add_permission(self, *_: object, **__: object) -> bool:
        """Only logging in makes one."""
        return False

    def has_change_permission(self, *_: object, **__: object) -> bool:
        """To look at."""
        return False
