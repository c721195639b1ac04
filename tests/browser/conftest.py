"""A browser, and a server with everything behind it that takes part in buying."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.shop import Shop

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Of the browser, too, nothing reaches farther than this machine; and a proxy named in the environment is not asked.
OFFLINE = ("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--no-proxy-server")
PATIENCE_MS = 30_000


@pytest.fixture(scope="package")
def chromium() -> str:
    """Where the machine has its Chromium. CI has one, so there a missing one is an error."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is not None:
        return found
    reason = os.environ.get("NO_CHROMIUM", "")
    if reason or not os.environ.get("CI"):
        pytest.skip(reason or "No Chromium on this machine (Debian: apt install chromium).")
    pytest.fail("No Chromium on this machine, which CI needs. .ci/run installs it.")


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """One browser for all tests in this folder.

    Between two calls Playwright leaves its event loop marked as running in this thread, so that Django's ORM would
    refuse to work. These tests have no use for it: they ask the server.
    """
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=OFFLINE)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window that knows of no other one."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="package")
def shop(chromium: str, tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Shop]:
    """The server, its worker and beat, and the fake Stripe, as `make run` starts them."""
    opened = Shop(tmp_path_factory.mktemp("shop"), prepared=prepared)
    try:
        opened.open()
        yield opened
    finally:
        opened.close()
