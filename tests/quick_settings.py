"""The product's settings, but for the work of hashing a password: for real servers whose tests are not about that."""

from django.contrib.auth.hashers import Argon2PasswordHasher

from coditect.settings import *  # noqa: F403 (all of them)


class QuickHasher(Argon2PasswordHasher):
    """The same algorithm with the least work."""

    time_cost, memory_cost, parallelism = 1, 8, 1


PASSWORD_HASHERS = [f"{__name__}.{QuickHasher.__name__}"]
