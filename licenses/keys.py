"""License keys: `PROD-2026-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX`.

An environment prefix, the year of issue, 26 random characters (130 bits) of Crockford's base 32, and 2 check
characters. The check is the key up to there, read as a number in base 36, modulo 1021: a prime, so that every single
wrong character and every swap of neighbours shows. Keys imported from elsewhere may have any form.
"""

import hashlib
import re
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BITS_PER_CHARACTER = 5
RANDOM_CHARACTERS = 26
LAST_CHARACTER = len(ALPHABET) - 1
CHECK_MODULUS = 1021
GROUP = 4
VISIBLE_CHARACTERS = 4
PREFIXES = {"production": "PROD", "sandbox": "TEST", "staging": "TEST", "development": "DEV"}
_READ_ALIKE = str.maketrans("OIL", "011")
_OWN_FORM = re.compile(r"(PR0D|TEST|DEV)\d{4}[0-9A-HJKMNP-TV-Z]{28}")


def generate(*, environment: str, year: int) -> str:
    """A new key."""
    prefix = PREFIXES[environment]
    bits = secrets.randbits(BITS_PER_CHARACTER * RANDOM_CHARACTERS)
    random = "".join(
        ALPHABET[bits >> BITS_PER_CHARACTER * place & LAST_CHARACTER] for place in range(RANDOM_CHARACTERS)
    )
    body = random + check_characters(normalize(f"{prefix}{year}{random}"))
    groups = [body[start : start + GROUP] for start in range(0, len(body), GROUP)]
    return "-".join([prefix, str(year), *groups])


def normalize(key: str) -> str:
    """The form in which keys are compared: upper case, no spaces or hyphens, O as 0, I and L as 1."""
    return re.sub(r"[\s-]", "", key).upper().translate(_READ_ALIKE)


def ending(normalized: str) -> str:
    """All that is told of a key to those who may not have it: its end, and never more than half of it."""
    return normalized[max(len(normalized) - VISIBLE_CHARACTERS, (len(normalized) + 1) // 2) :]


def hash_key(normalized: str) -> str:
    """What stands for a normalised key where the key itself must not: SHA-256, in hexadecimal."""
    return hashlib.sha256(normalized.encode()).hexdigest()


def check_characters(normalized: str) -> str:
    """The two characters that follow a normalised key without them."""
    high, low = divmod(int(normalized, 36) % CHECK_MODULUS, len(ALPHABET))
    return ALPHABET[high] + ALPHABET[low]


def is_malformed(normalized: str) -> bool:
    """Whether a normalised key has our form but the wrong check characters: a typing error, not a stranger."""
    if not _OWN_FORM.fullmatch(normalized):
        return False
    return check_characters(normalized[:-2]) != normalized[-2:]
