"""manage.py createsuperuser."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from coditect.journal.models import Event
from tests.factories import make_user


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "SecurePass123!")


def create(email: str) -> str:
    """Run the command without questions."""
    output = StringIO()
    call_command("createsuperuser", interactive=False, email=email, full_name="Root", stdout=output)
    return output.getvalue()


@pytest.mark.django_db
class TestCreateSuperuser:
    def test_makes_an_administrator(self) -> None:
        assert "Superuser created" in create("Root@Example.com")
        user = User.objects.get()
        assert (user.email, user.full_name) == ("root@example.com", "Root")
        assert (user.is_staff, user.is_superuser, user.is_active) == (True, True, True)
        assert user.check_password("SecurePass123!")
        event = Event.objects.get()
        assert (event.type, event.subject_id) == ("user.created", user.pk)
        assert event.data == {"is_staff": True, "is_superuser": True}

    @pytest.mark.parametrize("email", ["root@example.com", "ROOT@example.com"])
    def test_refuses_an_address_that_is_taken(self, email: str) -> None:
        make_user("root@example.com")
        with pytest.raises(CommandError, match="already taken"):
            create(email)

    def test_refuses_what_is_no_address(self) -> None:
        with pytest.raises(CommandError, match="valid email"):
            create("root")
