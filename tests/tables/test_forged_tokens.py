"""The forged token table: every forgery at one operation, and some of them at every operation that needs a log-in."""

import pytest

from accounts import tokens
from tests.accounts.forgery import change_claims
from tests.api.shapes import assert_problem
from tests.dialects import NAMES, Answer, Api
from tests.tables.cases import CASES, Table, call, case_id
from tests.tables.forged import EXPIRED, FORGED, Forge
from tests.tables.operation import Operation
from tests.tables.world import ANONYMOUS, World, new_refresh_token

EVERYWHERE = ("alg-none", "hs256-stranger", "refresh-as-access", "expired")
CLOSED = [(operation, dialect) for operation, dialect in CASES if ANONYMOUS not in operation.may]


def assert_refused(answer: Answer, name: str) -> None:
    """A 401 that says whether to refresh, and no more."""
    assert answer.status == 401, f"{answer.status} {answer.content[:200]!r}"
    assert_problem(answer, 401, "token_expired" if name in EXPIRED else "token_invalid")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def access_as_refresh(token: str) -> str:
    """The other kind."""
    return change_claims(token, token_type="access")


@pytest.mark.parametrize("dialect", NAMES)
def test_every_forgery(world: World, dialect: str) -> None:
    table = Table("forged token")
    for name, forge in FORGED.items():
        with table.case(f"{dialect}: {name}"):
            assert_refused(Api(dialect, forge(world.owner.token)).get("me"), name)
    table.done()


@pytest.mark.parametrize("dialect", NAMES)
def test_every_forged_refresh_token(world: World, dialect: str) -> None:
    """An access token, and everything that is wrong with one, gives no new access token."""
    table, good = Table("forged token"), new_refresh_token(world.owner.membership)
    for name, forge in {**FORGED, "access-as-refresh": access_as_refresh}.items():
        if name in {"refresh-as-access", "null-byte", "one-megabyte", "claims-nested"}:
            continue
        with table.case(f"{dialect}: {name} to refresh"):
            answer = Api(dialect).post("refresh", {"refresh": forge(good)})
            assert_refused(answer, name)
    with table.case(f"{dialect}: of no log-in"):
        unknown = tokens.new_refresh_token(user_id=world.owner.user_id)
        assert_problem(Api(dialect).post("refresh", {"refresh": unknown.text}), 401, "token_revoked")
    table.done()


@pytest.mark.parametrize(("operation", "dialect"), CLOSED, ids=case_id)
def test_every_operation(world: World, operation: Operation, dialect: str) -> None:
    table = Table("forged token")
    path, body = operation.path_for(world, world.owner), operation.body_for(world, world.owner)
    for name in EVERYWHERE:
        forge: Forge = FORGED[name]
        with table.case(f"{operation.id} {dialect}: {name}"):
            answer = call(Api(dialect, forge(world.owner.token)), operation, path, body)
            if operation.name == "accept-invitation":
                assert answer.status == 401
            else:
                assert_refused(answer, name)
    table.done()
