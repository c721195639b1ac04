"""Shapes of signing up and logging in."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import EmailValidator
from rest_framework import serializers

from accounts.models import Membership, User, normalize_email
from coditect.api.fields import TextField


class EmailField(TextField):
    """An e-mail address; a bad one is unacceptable (422 where the dialect knows it) rather than malformed."""

    def __init__(self) -> None:
        super().__init__(
            max_length=254, validators=[EmailValidator(message="Enter a valid email address.", code="invalid_email")]
        )

    def to_internal_value(self, data: Any) -> str:
        """The address as it will be stored, before its length is checked: lower case can be longer."""
        return normalize_email(super().to_internal_value(data))


class RegisterSerializer(serializers.Serializer[Any]):
    """What signing up takes."""

    email = EmailField()
    password = TextField(max_length=256, trim_whitespace=False)
    full_name = TextField(max_length=150)
    company_name = TextField(max_length=150)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check the password, also against the name and the address."""
        user = User(email=attrs["email"], full_name=attrs["full_name"])
        try:
            validate_password(attrs["password"], user)
        except DjangoValidationError as error:
            raise serializers.ValidationError(
                {"password": serializers.as_serializer_error(error)["non_field_errors"]}
            ) from error
        return attrs


class LoginSerializer(serializers.Serializer[Any]):
    """What logging in takes."""

    email = TextField(max_length=254)
    password = TextField(max_length=256, trim_whitespace=False)
    totp = TextField(max_length=40, required=False, allow_blank=True, allow_null=True)


class RefreshSerializer(serializers.Serializer[Any]):
    """What refreshing takes."""

    refresh = TextField(max_length=4096)


def present_user(user: User) -> dict[str, Any]:
    """A user as the API shows one."""
    return {
        "id": user.pk,
        "email": user.email,
        "full_name": user.full_name,
        "email_verified": user.email_verified_at is not None,
        "created_at": user.created_at,
    }


def present_registration(membership: Membership) -> dict[str, Any]:
    """A user just signed up, with the organization made for them."""
    organization = membership.organization
    return present_user(membership.user) | {
        "company_name": organization.name,
        "organization_id": organization.pk,
        "organization_name": organization.name,
        "role": membership.role,
    }
