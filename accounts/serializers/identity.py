"""Shapes of proving who one is, in."""

from typing import Any

from rest_framework import serializers

from accounts.serializers.authentication import EmailField
from coditect.api.fields import TextField


class PasswordField(TextField):
    """A password: spaces at its ends belong to it."""

    def __init__(self) -> None:
        super().__init__(max_length=256, trim_whitespace=False)


class AddressSerializer(serializers.Serializer[Any]):
    """Which address a mail is asked for."""

    email = EmailField()


class OneTimeTokenSerializer(serializers.Serializer[Any]):
    """A token from a mail."""

    token = TextField(max_length=200)


class ResetPasswordSerializer(OneTimeTokenSerializer):
    """A token from a mail, and what it is spent on."""

    new_password = PasswordField()


class ChangePasswordSerializer(serializers.Serializer[Any]):
    """The password that is, and the one to come."""

    current_password = PasswordField()
    new_password = PasswordField()


class CodeSerializer(serializers.Serializer[Any]):
    """A code from a mail, and the address it was sent to."""

    email = TextField(max_length=254)
    code = TextField(max_length=16)
    totp = TextField(max_length=40, required=False, allow_blank=True, allow_null=True)


class ChangeEmailSerializer(serializers.Serializer[Any]):
    """The address to come, and proof that it is the user who asks."""

    new_email = EmailField()
    password = PasswordField()
