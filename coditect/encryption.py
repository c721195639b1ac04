"""Secrets that must be read again, encrypted at rest: AES-256-GCM (NIST SP 800-38D) under keys that can be rotated.

Stored is `key id:base64(nonce, sealed text)`. The first key of ENCRYPTION_KEYS seals, all of them open.
"""

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models, transaction

NONCE_BYTES = 12


class CannotDecrypt(Exception):
    """The key is gone, or the text was sealed for something else or changed: a defect or an attack, never a 4xx."""


def encrypt(text: str, *, context: str) -> str:
    """Seal a text for one place, such as `totp:<user id>`: copied to another one it does not open."""
    key_id, key = next(iter(settings.ENCRYPTION_KEYS.items()))
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, text.encode(), context.encode())
    return f"{key_id}:{base64.b64encode(nonce + sealed).decode()}"


def decrypt(stored: str, *, context: str) -> str:
    """Open what `encrypt` sealed for the same place. Raises CannotDecrypt."""
    key_id, _, text = stored.partition(":")
    key = settings.ENCRYPTION_KEYS.get(key_id)
    if key is None:
        raise CannotDecrypt(f"ENCRYPTION_KEYS has no key {key_id!r}.")
    try:
        raw = base64.b64decode(text, validate=True)
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], context.encode()).decode()
    except (InvalidTag, ValueError) as error:
        raise CannotDecrypt("The stored text does not open.") from error


@dataclass(frozen=True)
class EncryptedColumn:
    """A text column that holds sealed texts; `context` is what a row's text was sealed for."""

    model: type[models.Model]
    name: str
    context: Callable[[Any], str]

    def rotate(self) -> int:
        """Seal anew what is not under the first key; returns how many texts."""
        current = f"{next(iter(settings.ENCRYPTION_KEYS))}:"
        old = self.model._default_manager.exclude(**{f"{self.name}__startswith": current}).exclude(**{self.name: ""})
        return sum(self._rotate_row(pk) for pk in list(old.values_list("pk", flat=True)))

    @transaction.atomic
    def _rotate_row(self, pk: object) -> bool:
        row = self.model._default_manager.select_for_update(of=("self",)).filter(pk=pk).first()
        if row is None:
            return False
        context = self.context(row)
        setattr(row, self.name, encrypt(decrypt(getattr(row, self.name), context=context), context=context))
        row.save(update_fields=[self.name])
        return True


_columns: list[EncryptedColumn] = []


def register(column: EncryptedColumn) -> None:
    """Have `manage.py rotate_encryption` know of a column; apps do so in `AppConfig.ready()`."""
    if column not in _columns:
        _columns.append(column)


def rotate_all() -> int:
    """Seal every registered text anew under the first key; safe to run again, and while the server runs."""
    return sum(column.rotate() for column in _columns)
