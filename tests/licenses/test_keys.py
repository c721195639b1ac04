"""License keys: their form, their check characters, and forgiving reading."""

import re
import string
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from licenses import keys

KEY = "PROD-2026-0123-4567-89AB-CDEF-GHJK-MNPQ-RS1T"
OWN_FORM = re.compile(r"PROD-2026(-[0-9A-HJKMNP-TV-Z]{4}){7}")
OWN = re.compile(r"(PR0D|TEST|DEV)[0-9]{4}[0-9A-HJKMNP-TV-Z]{28}")
# What a normalised key is made of, in whatever form it is.
CHARACTERS = string.digits + string.ascii_uppercase
BODY = keys.RANDOM_CHARACTERS + 2


def build(prefix: str, year: int, body: str) -> str:
    """A normalised key as it is issued."""
    start = f"{prefix}{year}{body}"
    return start + keys.check_characters(start)


def is_well_formed(normalized: str) -> bool:
    """Whether it could have been issued."""
    return OWN.fullmatch(normalized) is not None and not keys.is_malformed(normalized)


issued = st.builds(
    build,
    st.sampled_from(["PR0D", "TEST", "DEV"]),
    st.integers(2026, 2099),
    st.text(keys.ALPHABET, min_size=keys.RANDOM_CHARACTERS, max_size=keys.RANDOM_CHARACTERS),
)


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
    """Every wrong character and every swap of neighbours is tried, on keys of any prefix, year and body."""

    @given(key=issued)
    @settings(max_examples=25, deadline=None)
    def test_leave_no_single_wrong_character_unnoticed(self, key: str) -> None:
        for place, right in enumerate(key):
            for wrong in set(CHARACTERS) - {right}:
                mistyped = key[:place] + wrong + key[place + 1 :]
                assert not is_well_formed(mistyped)
                # Elsewhere, or by another kind of character, it is a key of another form.
                if place >= len(key) - BODY and wrong in keys.ALPHABET:
                    assert keys.is_malformed(mistyped)

    @given(key=issued)
    @settings(max_examples=50, deadline=None)
    def test_leave_no_swap_of_neighbours_unnoticed(self, key: str) -> None:
        for place in range(len(key) - 1):
            swapped = key[:place] + key[place + 1] + key[place] + key[place + 2 :]
            assert (not is_well_formed(swapped)) == (swapped != key)
            if place >= len(key) - BODY:
                assert keys.is_malformed(swapped) == (swapped != key)

    @given(key=issued, number=st.integers(0, 30))
    @settings(max_examples=50, deadline=None)
    def test_let_no_shortened_or_lengthened_key_pass(self, key: str, number: int) -> None:
        assert not is_well_formed(key[:number] + key[number + 1 :])
        assert not is_well_formed(key[:number] + key[number] + key[number:])

    @given(text=st.text(max_size=60))
    @settings(max_examples=50, deadline=None)
    def test_are_not_expected_of_imported_keys(self, text: str) -> None:
        normalized = keys.normalize(text)
        assert not keys.is_malformed(normalized) or OWN.fullmatch(normalized)
        assert not keys.is_malformed(keys.normalize("PROD-2025-ABCD-1234"))


class TestNormalize:
    @pytest.mark.parametrize(
        "spelling", [KEY.lower(), KEY.replace("-", " "), f"\t{KEY}\n", KEY.replace("0", "O").replace("1", "l")]
    )
    def test_reads_what_people_type(self, spelling: str) -> None:
        assert keys.normalize(spelling) == keys.normalize(KEY)

    @given(key=issued, random=st.randoms(use_true_random=False))
    @settings(max_examples=50, deadline=None)
    def test_reads_a_key_however_it_is_written(self, key: str, random: Random) -> None:
        read_alike = {"0": "0Oo", "1": "1IiLl"}
        written = "".join(
            random.choice(["", "", "-", " ", "\t", "--"])
            + random.choice(read_alike.get(character, character + character.lower()))
            for character in key
        )
        assert keys.normalize(written) == key

    @given(key=issued, others=st.lists(issued, max_size=5))
    @settings(max_examples=50, deadline=None)
    def test_reads_no_two_keys_as_one(self, key: str, others: list[str]) -> None:
        assert [keys.normalize(other) == key for other in others] == [other == key for other in others]

    @given(st.text())
    def test_is_stable(self, text: str) -> None:
        assert keys.normalize(keys.normalize(text)) == keys.normalize(text)
