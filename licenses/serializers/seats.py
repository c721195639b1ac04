"""Shapes of seats."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from rest_framework import serializers

from coditect.api.encoding import rfc3339
from coditect.api.fields import IdField, TextField
from licenses.leases import Beat
from licenses.models import SeatSession
from licenses.services.acquire import HeldSeat
from licenses.services.occupancy import deadlines
from licenses.services.release import ReleasedSeat
from licenses.services.seats import ttl

METADATA_BYTES = 2048


class AcquireSerializer(serializers.Serializer[Any]):
    """What acquiring a seat takes."""

    license_key = TextField(max_length=200)
    hardware_id = TextField(max_length=128)
    ip_address = TextField(max_length=64, required=False, allow_null=True, allow_blank=True)
    client_version = TextField(max_length=64, required=False, allow_blank=True)
    metadata = serializers.DictField(required=False)

    def validate_metadata(self, value: dict[str, Any]) -> dict[str, Any]:
        """At most 2 KB as JSON."""
        if len(json.dumps(value)) > METADATA_BYTES:
            raise serializers.ValidationError("metadata must not be larger than 2 KB.", code="too_large")
        return value


class SessionSerializer(serializers.Serializer[Any]):
    """A session named in the body."""

    session_id = IdField()


def heartbeat_interval() -> int:
    """How often clients should beat, in seconds: twice per TTL, so that one lost beat costs nothing."""
    return int(settings.SEAT_TTL_SECONDS) // 2


def present_held_seat(held: HeldSeat) -> dict[str, Any]:
    """A seat just acquired or renewed by the database's word."""
    session, license = held.session, held.license
    return {
        "session_id": session.pk,
        "license_id": license.pk,
        "license_key": license.key_string,
        "hardware_id": session.hardware_id,
        "started_at": session.started_at,
        "last_heartbeat_at": held.at,
        "expires_at": session.expires_at,
        "is_active": True,
        "revoking": session.revoke_at is not None,
        "seats_remaining": held.seats_remaining,
        "max_seats": license.max_seats,
        "heartbeat_interval": heartbeat_interval(),
    }


def present_beat(beat: Beat) -> dict[str, Any]:
    """A seat just renewed by Redis alone; the same fields, as text already, since this is asked most often."""
    return {
        "session_id": str(beat.session_id),
        "license_id": beat.license_id,
        "license_key": beat.license_key,
        "hardware_id": beat.hardware_id,
        "started_at": rfc3339(beat.started_at),
        "last_heartbeat_at": rfc3339(beat.at),
        "expires_at": rfc3339(beat.expires_at),
        "is_active": True,
        "revoking": beat.is_revoking,
        "seats_remaining": max(0, beat.max_seats - beat.used_seats),
        "max_seats": beat.max_seats,
        "heartbeat_interval": heartbeat_interval(),
    }


def present_release(released: ReleasedSeat) -> dict[str, Any]:
    """A seat given back."""
    return {
        "message": "Seat released.",
        "session_id": released.session.pk,
        "seats_remaining": released.seats_remaining,
    }


def present_sessions(sessions: Sequence[SeatSession]) -> list[dict[str, Any]]:
    """Seat sessions as lists and the detail show them."""
    present = deadlines(sessions)
    return [_present_session(session, present[session.pk]) for session in sessions]


def _present_session(session: SeatSession, expires_at: datetime) -> dict[str, Any]:
    return {
        "session_id": session.pk,
        "license_id": session.license_id,
        "user_id": session.user_id,
        "user_email": session.user.email,
        "hardware_id": session.hardware_id,
        "ip_address": session.ip_address,
        "client_version": session.client_version,
        "metadata": session.metadata,
        "status": session.status,
        "is_active": session.ended_at is None,
        "revoking": session.ended_at is None and session.revoke_at is not None,
        "started_at": session.started_at,
        "last_heartbeat_at": max(session.started_at, expires_at - ttl()),
        "expires_at": expires_at,
        "ended_at": session.ended_at,
    }
