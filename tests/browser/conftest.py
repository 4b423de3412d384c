"""What the browser tests share: the built book behind a server, and its pages in a browser."""

import pytest
from measuring import SITE, Traffic, serve


@pytest.fixture(scope="session")
def server():
    """A server of the built book."""
    assert (SITE / "index.html").is_file(), "build the book first: make browser does"
    with serve() as server:
        yield server


@pytest.fixture
def visit(server, browser):
    """A function that opens a page of the book, ``visit("book/relu.html", has_touch=True)``.

    Its options are those of a new context of playwright's. After the test, the pages it opened must
    have had no error or warning, no failed request and none to another host.
    """
    visits = []

    def open_page(path, **options):
        context = browser.new_context(**options)
        visits.append((context, Traffic(context, server)))
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(server.address + path)
        return page

    yield open_page
    for context, _ in visits:
        context.close()
    for _, traffic in visits:
        assert traffic.hosts == traffic.faults == []
