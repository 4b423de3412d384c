"""Settings that every test shares, and a browser for those that look at pages."""

import os
import tempfile

import pytest
from hypothesis import settings

# Kernels are compiled anew for each run, once for all its workers, so that coverage sees them.
os.environ["NUMBA_JIT_COVERAGE"] = "1"
os.environ.setdefault("NUMBA_CACHE_DIR", tempfile.mkdtemp(prefix="npdl_activations-"))

# The same examples every time: a run that fails fails again.
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")


def pytest_runtest_setup(item):
    """Where there is no Chromium, skip what needs one, in one line of the summary; not in CI."""
    if "browser" in item.fixturenames:
        from measuring import CHROMIUM, NO_CHROMIUM

        if CHROMIUM is None:
            stop = pytest.fail if os.environ.get("CI") else pytest.skip
            stop(NO_CHROMIUM)


@pytest.fixture(scope="module")
def browser():
    """A Chromium, gone before the next module: while it runs no other event loop can."""
    from measuring import ARGUMENTS, CHROMIUM
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
