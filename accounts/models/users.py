"""People."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models, transaction
from django.utils import timezone

from coditect.journal.services import record_event

ALL_RIGHTS = {"is_staff": True, "is_superuser": True}


def normalize_email(email: str) -> str:
    """The form in which an address is stored and compared."""
    return email.strip().lower()


class UserManager(BaseUserManager["User"]):
    """Makes users; `createsuperuser` comes here too."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A user with a hashed password."""
        user = self.model(email=normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """An administrator of the whole service, written down."""
        with transaction.atomic(using=self._db):
            user = self.create_user(email, password, **fields, **ALL_RIGHTS)
            record_event("user.created", user, at=user.created_at, organization_id=None, data=ALL_RIGHTS)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """The user of an address, however it is written."""
        return self.get(email=normalize_email(username or ""))


class User(AbstractBaseUser, PermissionsMixin):
    """A person, known by e-mail address."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=150)
    email_verified_at = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="May log in to the admin console.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    def __str__(self) -> str:
        return self.email

    @classmethod
    def normalize_username(cls, username: str) -> str:
        """Forms clean an address by this; Django's own would keep its case, and then nobody could log in with it."""
        return normalize_email(username)
