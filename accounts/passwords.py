"""What a password may not be made of, beside what Django refuses."""

import re

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.core.exceptions import ValidationError

from accounts.models import User

# What whoever attacks this very service would try first (OWASP ASVS 5.0, 6.1.2).
PRODUCT_WORDS = ("coditect", "licensing", "license", "licence", "floating", "seat", "desktop", "server")


class ProductWordValidator:
    """Refuses passwords that are too short once the product's own words are taken out."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raises ValidationError, code `product_word`."""
        rest, found = re.subn("|".join(PRODUCT_WORDS), "", password.lower())
        if found and len(rest) < MinimumLengthValidator().min_length:
            raise ValidationError(self.get_help_text(), code="product_word")

    def get_help_text(self) -> str:
        """For forms."""
        return "The password is little more than words of this product."
