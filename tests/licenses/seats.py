"""What the seat tests share: calls by route, and the two ways of making time pass without waiting."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from coditect.redis import client
from licenses.models import License, SeatSession
from tests.dialects import Answer, Api
from tests.factories import Person


def acquire(api: Api, person: Person, license: License, hardware_id: str = "machine-1", **more: Any) -> Answer:
    """Ask for a seat."""
    body = {"license_key": license.key_string, "hardware_id": hardware_id, **more}
    return api.as_bearer(person.token).post("acquire", body)


def beat(api: Api, person: Person, session_id: str) -> Answer:
    """Keep a seat, as each dialect's own clients do."""
    caller = api.as_bearer(person.token)
    if api.dialect == "flat":
        return caller.patch("heartbeat", session_id=session_id)
    return caller.post("heartbeat-by-body", {"session_id": session_id})


def release(api: Api, person: Person, session_id: str) -> Answer:
    """Give a seat back, as each dialect's own clients do."""
    caller = api.as_bearer(person.token)
    if api.dialect == "flat":
        return caller.delete("session", session_id=session_id)
    return caller.post("release", {"session_id": session_id})


def outlive(session_id: str, *, by: timedelta = timedelta(seconds=1)) -> None:
    """Let a session be past its deadline, in the record and in Redis."""
    let_record_run_out(session_id, by=by)
    key = f"seat:{{{UUID(session_id).hex[:12]}}}:z"
    past = int((timezone.now() - by).timestamp() * 1000)
    assert client.zscore(key, UUID(session_id).hex) is not None
    client.zadd(key, {UUID(session_id).hex: past})


def let_record_run_out(session_id: str, *, by: timedelta = timedelta(seconds=1)) -> None:
    """Let only the saved deadline be past, as it is for every session that lives by its lease."""
    SeatSession.objects.filter(pk=session_id).update(expires_at=timezone.now() - by)


def forget_leases(license: License) -> None:
    """What a restarted, flushed or evicting Redis does."""
    client.delete(f"seat:{{{license.lease_group}}}:z", f"seat:{{{license.lease_group}}}:f")
