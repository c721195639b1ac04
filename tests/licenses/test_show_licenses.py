"""GET licenses and GET licenses/{id}."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Role
from licenses.models import License
from tests.dialects import Api
from tests.factories import Person, make_person
from tests.licenses.seats import acquire, beat, let_record_run_out, outlive

LICENSE_FIELDS = {
    "id",
    "key_string",
    "tier",
    "status",
    "is_active",
    "expiry_date",
    "max_seats",
    "active_seats",
    "available_seats",
    "features",
    "organization_id",
    "created_at",
}


class TestListLicenses:
    def test_shows_the_organizations_own(self, api: Api, owner: Person, outsider: Person, license: License) -> None:
        mine = api.as_bearer(owner.token).get("licenses")
        assert {row["tier"] for row in mine.rows("licenses")} == {"free", "pro"}
        assert all(set(row) == LICENSE_FIELDS for row in mine.rows("licenses"))
        theirs = api.as_bearer(outsider.token).get("licenses").rows("licenses")
        assert [row["tier"] for row in theirs] == ["free"]

    def test_counts_them_for_the_flat_clients(self, api: Api, owner: Person, license: License) -> None:
        body = api.as_bearer(owner.token).get("licenses").json
        if api.dialect == "flat":
            assert (body["count"], body["next"], body["previous"]) == (2, None, None)
        else:
            assert body["pagination"] == {"has_more": False, "next_cursor": None}

    def test_writes_every_expiry_as_a_string(self, api: Api, owner: Person, license: License) -> None:
        rows = api.as_bearer(owner.token).get("licenses").rows("licenses")
        assert {row["expiry_date"] for row in rows} == {"9999-12-31T23:59:59Z"}

    @pytest.mark.parametrize("text", ["true", "True", "1"])
    def test_filters_by_use(self, api: Api, owner: Person, license: License, text: str) -> None:
        License.objects.filter(pk=license.pk).update(expires_at=timezone.now() - timedelta(days=1))
        rows = api.as_bearer(owner.token).get("licenses", {"is_active": text}).rows("licenses")
        assert [row["tier"] for row in rows] == ["free"]
        rows = api.as_bearer(owner.token).get("licenses", {"is_active": "false"}).rows("licenses")
        assert [(row["tier"], row["status"], row["is_active"]) for row in rows] == [("pro", "expired", False)]

    @pytest.mark.parametrize(
        ("query", "tiers"),
        [
            ({"tier": "pro"}, ["pro"]),
            ({"tier": "unheard-of"}, []),
            ({"status": "active"}, ["pro", "free"]),
            ({"status": "expired"}, []),
            ({"sort": "tier"}, ["free", "pro"]),
            ({"sort": "-tier"}, ["pro", "free"]),
            ({"sort": "created_at"}, ["free", "pro"]),
            ({"sort": "expiry_date"}, ["free", "pro"]),
            ({"created_after": "2026-01-01"}, ["pro", "free"]),
            ({"created_after": "2999-01-01T00:00:00Z"}, []),
            ({"created_before": "2026-01-01"}, []),
        ],
    )
    def test_filters_and_sorts(
        self, api: Api, owner: Person, license: License, query: dict[str, str], tiers: list[str]
    ) -> None:
        rows = api.as_bearer(owner.token).get("licenses", query).rows("licenses")
        found = [row["tier"] for row in rows]
        assert sorted(found) == sorted(tiers) if query.get("sort") == "expiry_date" else found == tiers

    @pytest.mark.parametrize(
        "query",
        [
            {"is_active": "perhaps"},
            {"status": "dead"},
            {"sort": "password"},
            {"sort": "organization__name"},
            {"created_after": "yesterday"},
            {"organization__name": "Acme"},
            {"limit": "0"},
        ],
    )
    def test_refuses_bad_parameters(self, api: Api, owner: Person, query: dict[str, str]) -> None:
        answer = api.as_bearer(owner.token).get("licenses", query)
        assert answer.status == 400
        assert next(iter(query)) in answer.errors

    def test_masks_keys_for_viewers(self, api: Api, owner: Person, license: License) -> None:
        viewer = make_person(Role.VIEWER, organization=owner.organization)
        rows = api.as_bearer(viewer.token).get("licenses", {"tier": "pro"}).rows("licenses")
        assert rows[0]["key_string"].strip("*") == license.key_string[-4:]

    def test_refuses_strangers(self, api: Api) -> None:
        assert api.get("licenses").status == 401


class TestShowLicense:
    def test_shows_who_holds_the_seats(self, api: Api, owner: Person, license: License) -> None:
        seat = acquire(api, owner, license).data
        shown = api.as_bearer(owner.token).get("license", license_id=license.pk).data
        assert set(shown) == LICENSE_FIELDS | {"sessions"}
        assert (shown["active_seats"], shown["available_seats"]) == (1, 1)
        holder = shown["sessions"][0]
        assert holder["session_id"] == seat["session_id"]
        assert holder["user_email"] == owner.membership.user.email
        assert (holder["hardware_id"], holder["expires_at"]) == ("machine-1", seat["expires_at"])

    def test_leaves_out_the_dead(self, api: Api, owner: Person, license: License) -> None:
        outlive(acquire(api, owner, license, "machine-1").data["session_id"])
        acquire(api, owner, license, "machine-2")
        shown = api.as_bearer(owner.token).get("license", license_id=license.pk).data
        assert [holder["hardware_id"] for holder in shown["sessions"]] == ["machine-2"]
        assert shown["active_seats"] == 1

    def test_counts_those_who_live_by_their_lease(self, api: Api, owner: Person, license: License) -> None:
        session_id = acquire(api, owner, license).data["session_id"]
        let_record_run_out(session_id)
        promised = beat(api, owner, session_id).data["expires_at"]
        shown = api.as_bearer(owner.token).get("license", license_id=license.pk).data
        assert (shown["active_seats"], shown["sessions"][0]["expires_at"]) == (1, promised)

    def test_hides_another_organizations_license(self, api: Api, outsider: Person, license: License) -> None:
        foreign = api.as_bearer(outsider.token).get("license", license_id=license.pk)
        unknown = api.as_bearer(outsider.token).get("license", license_id="00000000-0000-4000-8000-000000000000")
        assert (foreign.status, foreign.code, foreign.message) == (unknown.status, unknown.code, unknown.message)
        assert (foreign.status, foreign.code) == (404, "license_not_found")

    def test_refuses_strangers(self, api: Api, license: License) -> None:
        assert api.get("license", license_id=license.pk).status == 401
