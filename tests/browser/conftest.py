"""What the browser tests share: the built book behind a server, and a browser to read it with."""

import os
import shutil
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import sync_playwright

SITE = Path(__file__).parents[2] / "_build" / "html"
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


def pytest_runtest_setup():
    """Skip these tests where there is no Chromium, but not in CI."""
    if CHROMIUM is None:
        stop = pytest.fail if os.environ.get("CI") else pytest.skip
        stop("The pages were not checked in a browser: install one (apt-get install chromium).")


class Quiet(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Print nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64  # a page asks for many files at once


@pytest.fixture(scope="session")
def server():
    """The address of the built book."""
    assert (SITE / "index.html").is_file(), "build the book first: make browser does"
    with Server(("127.0.0.1", 0), partial(Quiet, directory=SITE)) as httpd:
        thread = Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def browser():
    """A Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(server, browser):
    """A function that opens a page of the book, ``visit("book/relu.html", has_touch=True)``.

    Its options are those of a new context of playwright's. After the test, the pages it opened must
    have had no error or warning, no failed request and none to another host.
    """
    contexts, faults = [], []

    def on_request(request):
        if not request.url.startswith((f"{server}/", "data:", "blob:")):
            faults.append(f"request to another host: {request.url}")

    def on_console(message):
        if message.type in {"error", "warning"}:
            faults.append(f"{message.type}: {message.text}")

    def on_response(response):
        if response.status >= 400:
            faults.append(f"{response.status} for {response.url}")

    def open_page(path, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        context.on("request", on_request)
        context.on("response", on_response)
        context.on("console", on_console)
        context.on("weberror", lambda error: faults.append(f"error: {error.error}"))
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(f"{server}/{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []
