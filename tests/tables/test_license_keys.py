"""The license key table: how hard keys are to guess, and that another's key answers as one that does not exist."""

import math
from collections.abc import Callable

import pytest
from django.utils import timezone

from coditect.errors import InvalidInput
from licenses import keys
from licenses.models import License
from tests.api.shapes import assert_problem
from tests.bench.costs import counting
from tests.dialects import NAMES, Answer, Api
from tests.factories import make_license
from tests.tables.cases import Table, client
from tests.tables.test_tenants import told
from tests.tables.world import OUTSIDER, World

DRAWN = 3000
UNKNOWN = "PROD-2025-NONE-0000"
SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "lower case": str.lower,
    "spaces": lambda key: key.replace("-", " "),
    "no hyphens": lambda key: key.replace("-", ""),
    "O for 0": lambda key: key.replace("0", "O"),
    "padded": lambda key: f"  {key}\t",
    "cut": lambda key: key[:-1],
    "longer": lambda key: key + "0",
    "wildcard": lambda key: key[:-4] + "%",
    "wildcard for one": lambda key: key[:-1] + "_",
    "prefix": lambda key: key[:14],
    "SQL": lambda key: key + "' OR '1'='1",
}
STATES = {"active": {}, "suspended": {"status": "suspended"}, "revoked": {"status": "revoked"}, "expired": {}}


def issue(world: World, state: str) -> License:
    """A license of the owner's organization in a state."""
    license = make_license(world.owner.organization, seats=5)
    changes = STATES[state] | ({"expires_at": timezone.now()} if state == "expired" else {})
    License.objects.filter(pk=license.pk).update(**changes)
    return license


def acquire(api: Api, key: str) -> Answer:
    """Ask for a seat."""
    return api.post("acquire", {"license_key": key, "hardware_id": "machine"})


def test_entropy() -> None:
    table = Table("license key")
    found = [keys.generate(environment=name, year=2026) for name in keys.PREFIXES for _ in range(DRAWN // 4)]
    randoms = [keys.normalize(key)[8:-2] if "DEV" not in key else keys.normalize(key)[7:-2] for key in found]
    table.judge("130 random bits", is_good=keys.RANDOM_CHARACTERS * math.log2(len(set(keys.ALPHABET))) == 130)
    table.judge("no key twice", is_good=len(set(randoms)) == DRAWN)
    for position in range(keys.RANDOM_CHARACTERS):
        # That one of 32 characters is missing among 3000 has a chance of 1 in 10^38.
        drawn = {random[position] for random in randoms}
        table.judge(f"every character at {position}", is_good=drawn == set(keys.ALPHABET))
    table.done()


@pytest.mark.parametrize("dialect", NAMES)
@pytest.mark.parametrize("state", STATES)
def test_foreign_keys(world: World, dialect: str, state: str) -> None:
    """Whatever state a license is in: a stranger cannot tell its key from one that nobody has."""
    table, stranger, license = Table("license key"), client(world, dialect, OUTSIDER), issue(world, state)
    for name, spell in list(SPELLINGS.items())[: None if state == "active" else 3]:
        with table.case(f"{state} {dialect}: {name}"):
            found = acquire(stranger, spell(license.key_string))
            # The check characters are public: only a key that could exist answers as one that does not.
            if keys.is_malformed(keys.normalize(spell(license.key_string))):
                assert found.status in {400, 404, 422}, found.content
            else:
                assert_problem(found, 404, "license_not_found")
                assert told(found) == told(acquire(stranger, UNKNOWN))
    table.done()


@pytest.mark.parametrize("dialect", NAMES)
def test_foreign_keys_among_many(world: World, dialect: str) -> None:
    """The same where many keys are validated at once, and the same work: as many statements and round trips."""
    table, stranger = Table("license key"), client(world, dialect, OUTSIDER)
    for state in STATES:
        key = issue(world, state).key_string
        with table.case(f"{state} {dialect} among many"):
            verdicts = stranger.post("validate-batch", {"key_strings": [key, UNKNOWN]}).data["verdicts"]
            foreign, unknown = (verdict | {"receipt": None} for verdict in verdicts)
            assert foreign == unknown, foreign
            assert foreign["code"] == "not_found"
        with table.case(f"the work for {state} {dialect} among many"):
            took = [work_for(stranger, each) for each in (UNKNOWN, key, UNKNOWN)]
            assert took[1] == took[2]
    table.done()


def work_for(api: Api, key: str) -> tuple[int, int]:
    """How many statements and round trips to Redis a verdict takes."""
    with counting() as cost:
        api.post("validate-batch", {"key_strings": [key]})
    return len(cost.statements), cost.round_trips


@pytest.mark.parametrize("dialect", NAMES)
def test_own_keys(world: World, dialect: str) -> None:
    """A license that cannot be used says why, to those whose it is and to whoever has the key."""
    table, owner = Table("license key"), client(world, dialect, "owner")
    expected = {"suspended": "license_suspended", "revoked": "license_revoked", "expired": "license_expired"}
    for state, code in expected.items():
        with table.case(f"a seat of a {state} one {dialect}"):
            assert_problem(acquire(owner, issue(world, state).key_string), 403, code)
        with table.case(f"the worth of a {state} one {dialect}"):
            verdict = Api(dialect).post("validate", {"key_string": issue(world, state).key_string}).data
            assert (verdict["valid"], verdict["code"]) == (False, state), verdict
    with table.case(f"the worth of none {dialect}"):
        verdict = Api(dialect).post("validate", {"key_string": "PROD-2025-NONE-0000"}).data
        assert (verdict["valid"], verdict["code"]) == (False, "not_found"), verdict
        assert str(world.owner.organization.pk) not in str(verdict)
    table.done()


def test_uniqueness(world: World) -> None:
    table, key = Table("license key"), world.license.key_string
    for name, spelling in {"the same": key, "lower case": key.lower(), "no hyphens": key.replace("-", "")}.items():
        with table.case(f"{name} again"), pytest.raises(InvalidInput):
            make_license(world.outsider.organization, key=spelling)
    table.done()
