"""Signing keys in the console."""

import re

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from licenses import signing
from licenses.models import SigningKey
from licenses.services.signing_keys import rotate_signing_key, withdraw_signing_key

LIST = reverse("admin:licenses_signingkey_changelist")


class TestSigningKeys:
    def test_tell_what_each_is_good_for(self, administrator: Client) -> None:
        now = timezone.now()
        first = signing.current_signer(now=now).kid
        second, third = rotate_signing_key(now=now).kid, rotate_signing_key(now=now).kid
        withdraw_signing_key(kid=first, now=now)
        rows = re.findall(r"<tr.*?</tr>", administrator.get(LIST).content.decode(), re.DOTALL)
        for kid, state in {first: "withdrawn", second: "retired", third: "signs"}.items():
            [row] = [row for row in rows if kid in row]
            assert re.search(rf">\s*{state}\s*<", row)

    def test_are_to_look_at(self, administrator: Client) -> None:
        signing.current_signer(now=timezone.now())
        key = SigningKey.objects.get()
        page = administrator.get(reverse("admin:licenses_signingkey_change", args=[key.pk]))
        assert key.public_key in page.content.decode()
        assert key.private_key not in page.content.decode()
        for name, args in (("add", []), ("delete", [key.pk])):
            assert administrator.get(reverse(f"admin:licenses_signingkey_{name}", args=args)).status_code == 403
