"""Which scope an API token needs, endpoint by endpoint: every one has decided."""

import pytest

from accounts.scopes import Scope
from coditect.api.credentials import LOGIN_ONLY
from coditect.api.views import ApiView
from coditect.urls import router
from tests.api.shapes import assert_problem
from tests.dialects import NAMES, Api
from tests.factories import Person, make_api_token

METHODS = ("get", "post", "patch", "put", "delete")
VIEWS = sorted({route.view for route in router.routes}, key=lambda view: (view.__module__, view.__name__))


def handlers_of(view: type[ApiView]) -> set[str]:
    """The methods that a view answers."""
    return {method for method in METHODS if hasattr(view, method) and method in view.http_method_names}


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
class TestEveryView:
    def test_decides_about_api_tokens(self, view: type[ApiView]) -> None:
        undecided = handlers_of(view) - set(view.scopes) if view.authenticators else set()
        assert undecided == set(), f"{view.__name__}.scopes says nothing about them"

    def test_names_scopes_that_exist(self, view: type[ApiView]) -> None:
        assert set(view.scopes.values()) <= {*Scope.values, LOGIN_ONLY}

    def test_changes_nothing_by_a_scope_that_reads(self, view: type[ApiView]) -> None:
        writing = {scope for method, scope in view.scopes.items() if method != "get" and scope is not LOGIN_ONLY}
        # A list too long for a query is asked for by POST.
        by_post = {"read:licenses"} if view.__name__ == "ValidateManyView" else set()
        assert {scope for scope in writing if str(scope).startswith("read:")} <= by_post


class TestViewThatDecidedNothing:
    def test_is_closed_to_api_tokens(self, owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        from accounts.views.account import AccountView

        # Before, so that the documents that answers are held to are those of the product.
        assert [Api(name).as_bearer(owner.token).get("me").status for name in NAMES] == [200, 200]
        monkeypatch.setattr(AccountView, "scopes", ApiView.scopes)
        for name in NAMES:
            answer = Api(name).as_bearer(make_api_token(owner)).get("me")
            assert_problem(answer, 403, "insufficient_scope")
            assert Api(name).as_bearer(owner.token).get("me").status == 200


class TestRefusal:
    def test_is_a_line_of_the_log(self, api: Api, owner: Person, caplog: pytest.LogCaptureFixture) -> None:
        answer = api.as_bearer(make_api_token(owner)).post("organizations", {"name": "Refused Inc"})
        assert_problem(answer, 403, "insufficient_scope")
        line = f"refused: insufficient_scope to {answer.headers['X-Request-ID']}, OrganizationListView"
        assert line in caplog.messages
