"""Shapes of the second factor, in and out."""

from typing import Any

from rest_framework import serializers

from accounts.services.totp import NewTotp
from coditect.api.fields import TextField


class TotpCodeSerializer(serializers.Serializer[Any]):
    """A code of the authenticator app."""

    code = TextField(max_length=40)


class TurnOffTotpSerializer(serializers.Serializer[Any]):
    """What turning the second factor off takes; a recovery code will do."""

    password = TextField(max_length=256, trim_whitespace=False)
    code = TextField(max_length=40)


def present_new_totp(new: NewTotp) -> dict[str, Any]:
    """A secret to type, and the same for a QR code."""
    return {"secret": new.secret, "otpauth_uri": new.uri}
