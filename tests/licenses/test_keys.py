"""License keys: their form, their check characters, and forgiving reading."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licenses import keys

KEY = "PROD-2026-0123-4567-89AB-CDEF-GHJK-MNPQ-RS1T"
OWN_FORM = re.compile(r"PROD-2026(-[0-9A-HJKMNP-TV-Z]{4}){7}")


class TestGenerate:
    def test_has_the_published_form(self) -> None:
        assert OWN_FORM.fullmatch(keys.generate(environment="production", year=2026))

    @pytest.mark.parametrize(
        ("environment", "prefix"), [("production", "PROD"), ("sandbox", "TEST"), ("development", "DEV")]
    )
    def test_names_the_environment(self, environment: str, prefix: str) -> None:
        assert keys.generate(environment=environment, year=2026).startswith(f"{prefix}-2026-")

    def test_repeats_nothing(self) -> None:
        assert len({keys.generate(environment="production", year=2026) for _ in range(1000)}) == 1000

    def test_the_example_is_well_formed(self) -> None:
        assert not keys.is_malformed(keys.normalize(KEY))

    def test_is_well_formed(self) -> None:
        assert not any(
            keys.is_malformed(keys.normalize(keys.generate(environment=environment, year=2026)))
            for environment in keys.PREFIXES
            for _ in range(50)
        )


class TestCheckCharacters:
    @given(position=st.integers(0, 25), character=st.sampled_from(keys.ALPHABET))
    def test_show_every_single_wrong_character(self, position: int, character: str) -> None:
        normalized = keys.normalize(KEY)
        at = len("PR0D2026") + position
        wrong = normalized[:at] + character + normalized[at + 1 :]
        assert keys.is_malformed(wrong) == (wrong != normalized)

    @given(position=st.integers(0, 24))
    def test_show_every_swap_of_neighbours(self, position: int) -> None:
        normalized = keys.normalize(KEY)
        at = len("PR0D2026") + position
        wrong = normalized[:at] + normalized[at + 1] + normalized[at] + normalized[at + 2 :]
        assert keys.is_malformed(wrong) == (wrong != normalized)

    def test_are_not_expected_of_imported_keys(self) -> None:
        assert not keys.is_malformed(keys.normalize("PROD-2025-ABCD-1234"))


class TestNormalize:
    @pytest.mark.parametrize(
        "spelling", [KEY.lower(), KEY.replace("-", " "), f"\t{KEY}\n", KEY.replace("0", "O").replace("1", "l")]
    )
    def test_reads_what_people_type(self, spelling: str) -> None:
        assert keys.normalize(spelling) == keys.normalize(KEY)

    @given(st.text())
    def test_is_stable(self, text: str) -> None:
        assert keys.normalize(keys.normalize(text)) == keys.normalize(text)
