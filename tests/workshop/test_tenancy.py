"""The tenancy check: green on this code base, red for whatever is planted in it."""

import re
from functools import cache
from pathlib import Path

import pytest

from tests.workshop import tenancy
from tests.workshop.files import APPS, ROOT, read
from tests.workshop.owned_models import House
from tests.workshop.tenancy import MARK, Source, complaints, main

VIEW, TASK, ADMIN = "licenses/views/seats.py", "licenses/tasks.py", "licenses/admin/licenses.py"
SERVICE, COMMAND = "licenses/services/release.py", "licenses/management/commands/issue_license.py"
RECEIVER, FILTER = "licenses/receivers.py", "licenses/filters.py"
PLACES = [VIEW, TASK, ADMIN, SERVICE, COMMAND, RECEIVER, FILTER]
BYPASSES = [
    "License.objects.get(pk=license_id)",
    "License.objects.filter(pk=license_id).first()",
    "License.objects.all()",
    "License.objects.order_by('created_at').values_list('key_string')",
    "License.objects.filter(organization_id=license_id)",
    "License.objects.filter(organization=request.data['organization'])",
    "License.objects.raw('SELECT * FROM licenses_license')",
    "License.objects",
    "License._default_manager.all()",
    "License._base_manager.get(pk=license_id)",
    "License.objects.update(status='revoked')",
    "License.objects.for_organization(mine) | License.objects.all()",
    "[row for row in License.objects.usable(at=now)]",
    "SeatSession.objects.filter(license=license_id)",
    "SeatSession.objects.unended().filter(license__organization_id=license_id)",
    "SeatSession.objects.filter(license__in=license_ids)",
    "models.SeatSession.objects.get(id=session_id)",
    "get_object_or_404(License, pk=license_id)",
    "shortcuts.get_list_or_404(License, pk=license_id)",
    "apps.get_model('licenses', 'License').objects.all()",
    "apps.get_model('licenses.License')",
    "Organization.objects.get(pk=organization_id)",
    "Membership.objects.current().filter(pk=member_id)",
    "Invitation.objects.filter(token_hash=token)",
    "Event.objects.filter(subject_id=license_id)",
]
SCOPED = [
    "License.objects.for_organization(mine).get(pk=license_id)",
    "SeatSession.objects.for_member(membership).filter(pk=session_id).first()",
    "SeatSession.objects.unended().for_member(membership)",
    "Organization.objects.for_user(user)",
    "License.objects.create(organization=mine)",
    "User.objects.filter(email=email)",
    "mine.licenses.all()",
]
FROM_A_ROW = [
    "SeatSession.objects.filter(license=license)",
    "SeatSession.objects.filter(license=locked.license).order_by('pk')",
    "SeatSession.objects.unended().filter(license__in=licenses)",
    "SeatSession.objects.filter(pk=session.pk).update(slot=2)",
    "LockedLicense.take(License.objects.filter(pk=license_id))",
]
NEW_MODELS = """
class Parcel(models.Model):
    organization = models.ForeignKey("accounts.Organization", on_delete=models.CASCADE)

class Label(models.Model):
    parcel = models.OneToOneField(to=Parcel, on_delete=models.CASCADE)
"""


@cache
def present_house() -> House:
    """The models as they are."""
    return House.read(ROOT)


def plant(folder: Path, name: str, *lines: str) -> list[str]:
    """Add lines to a copy of a file and return what the check says of it."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([read(name), *lines, ""]), encoding="utf-8")
    found = list(Source(folder, Path(name), present_house()).complaints())
    path.unlink()
    return found


def function(expression: str) -> tuple[str, str]:
    """A function that returns it."""
    return "def planted(request, license_id):", f"    return {expression}"


class TestTenancy:
    def test_holds_in_this_code_base(self) -> None:
        assert list(complaints(ROOT)) == []

    def test_is_part_of_make_check(self) -> None:
        checks = re.findall(r"^CHECKS := (.*)$", read("Makefile"), re.MULTILINE)[0].split()
        assert "tenancy" in checks
        assert re.search(r"^check-tenancy:\n\t@\$\(PY\) -m tests\.workshop\.tenancy$", read("Makefile"), re.MULTILINE)

    def test_is_a_command_that_fails(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr(tenancy, "complaints", lambda _: ["a.py:1: no"])
        assert (main(), capsys.readouterr().err) == (1, "a.py:1: no\n")
        monkeypatch.setattr(tenancy, "complaints", lambda _: [])
        assert main() == 0

    def test_knows_the_models_that_belong_to_an_organization(self) -> None:
        owned = set(House.read(ROOT).models)
        assert {"Organization", "Membership", "Invitation", "ApiToken", "Event"} <= owned
        assert {"License", "SeatSession", "SeatChange", "LeaseRepair"} <= owned
        assert not {"User", "LoginSession", "Mail", "RedisNote"} & owned

    def test_leaves_few_reasons(self) -> None:
        texts = [path.read_text(encoding="utf-8") for app in APPS for path in (ROOT / app).rglob("*.py")]
        # Workers that serve every organization have most of them.
        assert sum(text.count(MARK) for text in texts) < 100


class TestBypass:
    @pytest.mark.parametrize("place", PLACES)
    def test_is_found_in_every_room(self, tmp_path: Path, place: str) -> None:
        assert plant(tmp_path, place, *function("License.objects.get(pk=license_id)"))

    @pytest.mark.parametrize("expression", BYPASSES)
    @pytest.mark.parametrize("place", [VIEW, SERVICE])
    def test_is_found_in_every_form(self, tmp_path: Path, place: str, expression: str) -> None:
        assert plant(tmp_path, place, *function(expression))

    def test_is_found_under_another_name(self, tmp_path: Path) -> None:
        lines = ("from licenses.models import License as L", *function("L.objects.get(pk=license_id)"))
        assert plant(tmp_path, TASK, *lines)

    @pytest.mark.parametrize("expression", FROM_A_ROW)
    def test_is_what_a_service_may_do_done_elsewhere(self, tmp_path: Path, expression: str) -> None:
        assert plant(tmp_path, VIEW, *function(expression))
        assert plant(tmp_path, SERVICE, *function(expression)) == []

    def test_is_found_for_models_that_are_new(self, tmp_path: Path) -> None:
        (tmp_path / "webhooks").mkdir()
        (tmp_path / "webhooks/models.py").write_text(NEW_MODELS, encoding="utf-8")
        (tmp_path / "webhooks/tasks.py").write_text("labels = Label.objects.all()", encoding="utf-8")
        model, query = sorted(complaints(tmp_path))
        assert model.startswith("The model Parcel belongs to an organization")
        assert query.startswith("webhooks/tasks.py:1: Label is asked for without")


class TestScopedQuery:
    @pytest.mark.parametrize("expression", SCOPED)
    @pytest.mark.parametrize("place", PLACES)
    def test_is_fine_everywhere(self, tmp_path: Path, place: str, expression: str) -> None:
        assert plant(tmp_path, place, *function(expression)) == []


class TestReason:
    QUERY = "License.objects.filter(pk=license_id)"

    def test_excuses_the_query_beside_it(self, tmp_path: Path) -> None:
        head, body = function(self.QUERY)
        assert plant(tmp_path, TASK, head, f"{body}  {MARK} the sweep serves everybody") == []

    def test_excuses_the_query_below_it(self, tmp_path: Path) -> None:
        head, body = function(self.QUERY)
        assert plant(tmp_path, TASK, head, f"    {MARK} the sweep serves everybody", body) == []

    def test_excuses_the_function_at_whose_head_it_stands(self, tmp_path: Path) -> None:
        head, body = function(self.QUERY)
        lines = (f"{head}  {MARK} the sweep serves everybody", f"    x = {self.QUERY}", body)
        assert plant(tmp_path, TASK, *lines) == []

    def test_excuses_nothing_further_on(self, tmp_path: Path) -> None:
        head, body = function(self.QUERY)
        reason = f"    y = {self.QUERY}  {MARK} the sweep serves everybody"
        assert len(plant(tmp_path, TASK, head, reason, "    pass", body)) == 1

    @pytest.mark.parametrize("reason", ["", "ok", "needed here", "x"])
    def test_has_to_be_one(self, tmp_path: Path, reason: str) -> None:
        head, body = function(self.QUERY)
        assert plant(tmp_path, TASK, head, f"{body}  {MARK} {reason}")

    def test_does_not_outlive_its_query(self, tmp_path: Path) -> None:
        assert plant(tmp_path, TASK, f"NUMBER = 1  {MARK} the sweep serves everybody")

    def test_in_a_string_is_none(self, tmp_path: Path) -> None:
        head, body = function(self.QUERY)
        assert plant(tmp_path, TASK, head, f'{body}, "{MARK} the sweep serves everybody"')
